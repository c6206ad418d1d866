"""The administrator that a new installation gets."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate, get_user_model

from recsite.first_login import make_first_login

pytestmark = pytest.mark.django_db


def test_first_login_is_an_administrator_with_a_password_of_its_own():
    login = make_first_login()
    user = authenticate(username=login.username, password=login.password)
    assert login.username == "admin"
    assert user.is_superuser
    assert len(login.password) >= 16
    assert login.password not in repr(login)


def test_second_start_makes_none():
    make_first_login()
    assert make_first_login() is None
    assert get_user_model().objects.count() == 1


def test_taken_name_is_left_alone():
    get_user_model().objects.create_user("admin", password="theirs")
    login = make_first_login()
    assert login.username.startswith("admin-")
    assert not get_user_model().objects.get(username="admin").is_superuser


def test_administrator_who_was_switched_off_does_not_count():
    get_user_model().objects.create_superuser("old", password="x", is_active=False)
    assert make_first_login().username == "admin"
