"""Sample of the guide to inboxes."""


def instances_with_permission(user, permission, model):
    """Return the instances for which somebody has a permission, or None for none of them."""
    if permission != "shop.pay_expenses":
        return None
    return model.objects.filter(cost_center__accountant=user)
