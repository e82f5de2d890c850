"""Who works in the demo."""

PASSWORD = "demo"

REVIEW = "expenses.review_expense"
VIEW = [
    "expenses.view_expenseworkflow",
    "onboarding.view_onboardingworkflow",
    "shipping.view_shippingworkflow",
]

#: First name, permissions, and what to say of them.
PEOPLE = {
    "admin": ("Alex", [], "superuser: sees the admin, may do everything, decides in the end"),
    "maria": (
        "Maria",
        [REVIEW, "joeflow.override", *VIEW],
        "reviews expenses, sees what is running, may step in by hand",
    ),
    "nora": ("Nora", [REVIEW, *VIEW], "reviews expenses, too"),
    "tom": ("Tom", [], "works here, claims expenses"),
    "otto": ("Otto", [], "has no e-mail address: welcome him and see a task fail"),
}
