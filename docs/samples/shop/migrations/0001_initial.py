import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("joeflow", "0002_due_and_ended"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ChargeWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("receipt", models.CharField(blank=True, max_length=50)),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="ContractWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("text", models.TextField()),
                ("secret", models.BooleanField(default=False)),
            ],
            options={
                "permissions": [("override_contractworkflow", "Can override a contract.")],
            },
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="EquipmentRequest",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("text", models.TextField()),
                ("granted", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="HolidayRequest",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("text", models.TextField()),
                ("granted", models.BooleanField(default=False)),
                ("days", models.PositiveIntegerField(default=1)),
            ],
            options={
                "abstract": False,
            },
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="InvoiceWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("supplier", models.CharField(max_length=100)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("is_approved", models.BooleanField(default=False)),
                (
                    "approver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="LoanWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("is_granted", models.BooleanField(default=False)),
            ],
            options={
                "abstract": False,
            },
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="OrderWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("number", models.TextField()),
                ("is_gift", models.BooleanField(default=False)),
                ("parts", models.PositiveIntegerField(default=0)),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="PaymentWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("paid", models.BooleanField(default=False)),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="QuietWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="ReviewWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("text", models.TextField()),
                ("approved", models.BooleanField(default=False)),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("shipping_address", models.TextField()),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("tracking_code", models.TextField()),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="ExpenseWorkflow",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("approved", models.BooleanField(default=False)),
                ("reference", models.CharField(max_length=50)),
                (
                    "claimant",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="ShippingWorkflow",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("shop.shipment",),
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "workflow_ptr",
                    models.OneToOneField(
                        auto_created=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        parent_link=True,
                        primary_key=True,
                        serialize=False,
                        to="joeflow.workflow",
                    ),
                ),
                ("number", models.CharField(max_length=20)),
                ("amount", models.DecimalField(decimal_places=2, max_digits=9)),
                ("approved", models.BooleanField(default=False)),
                ("remark", models.TextField(blank=True)),
            ],
            bases=("joeflow.workflow",),
        ),
        migrations.CreateModel(
            name="RefundWorkflow",
            fields=[],
            options={
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("shop.refund",),
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                ("digest", models.CharField(max_length=64)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
