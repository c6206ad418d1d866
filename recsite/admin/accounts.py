"""Users and groups, in the admin's theme."""

import django.contrib.auth.admin as stock
from django.contrib import admin
from django.contrib.auth.models import Group, User
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from catalog.admin.model_admin import ModelAdmin

for model in (User, Group):
    admin.site.unregister(model)


@admin.register(User)
class AccountAdmin(stock.UserAdmin, ModelAdmin[User]):  # type: ignore[type-arg]
    """Those who may sign in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active")
    search_fields = ("username__istartswith", "email__istartswith")


@admin.register(Group)
class GroupAdmin(stock.GroupAdmin, ModelAdmin[Group]):
    """Sets of permissions."""

    search_fields = ("name",)
