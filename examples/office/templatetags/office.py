from django import template

register = template.Library()


@register.filter
def words(name):
    """Show the name of a task as a person would write it."""
    return name.replace("_", " ")
