"""The samples are spread over one module for each guide; Django looks for models here."""

from shop.approval import LoanWorkflow
from shop.branches import OrderWorkflow, ReviewWorkflow
from shop.charging import ChargeWorkflow
from shop.expenses import ExpenseWorkflow
from shop.inheritance import EquipmentRequest, HolidayRequest
from shop.invoices import InvoiceWorkflow
from shop.overriding import ContractWorkflow, QuietWorkflow
from shop.refunds import Refund, RefundWorkflow
from shop.shipping import Shipment, ShippingWorkflow
from shop.tokens import Token
from shop.waiting import PaymentWorkflow

__all__ = (
    "ChargeWorkflow",
    "ContractWorkflow",
    "EquipmentRequest",
    "ExpenseWorkflow",
    "HolidayRequest",
    "InvoiceWorkflow",
    "LoanWorkflow",
    "OrderWorkflow",
    "PaymentWorkflow",
    "QuietWorkflow",
    "Refund",
    "RefundWorkflow",
    "ReviewWorkflow",
    "Shipment",
    "ShippingWorkflow",
    "Token",
)
