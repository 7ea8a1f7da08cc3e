"""Real servers give right answers to many clients, and hold no more afterwards than before.

``make servers`` asks each for ten minutes; here it is a few seconds.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers.services import SERVICES, run_service, write_files
from tests.servers.trial import Trial
from tests.support.venvs import Venv

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc"),
]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_answers_and_holds_no_more_than_before(
    name: str, flights_venv: Venv, tmp_path: Path
) -> None:
    service = SERVICES[name]
    if missing := service.find_missing():
        pytest.skip(f"{missing} is not installed")
    with run_service(service, flights_venv, tmp_path / name) as running:
        trial = Trial(service, running, clients=50 if name == "celery" else 200)
        trial.run()
    assert trial.wrong == []
    assert trial.find_growth() == {}


def test_django_cannot_write_into_an_installed_dataset(flights_venv: Venv, tmp_path: Path) -> None:
    if find_spec("django") is None:
        pytest.skip("django is not installed")
    (installed,) = flights_venv.site.rglob("nycflights13.db")
    before = installed.read_bytes()
    write_files(tmp_path)
    program = f"""
import os, sys
os.chdir({str(tmp_path)!r})
sys.path.insert(0, "")
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import urls
from django.core.management import call_command
from django.db import OperationalError
try:
    urls.Airline(carrier="XX", name="Example Air").save()
except OperationalError as error:
    print(error)
for database in ("default", "nycflights13"):
    call_command("migrate", database=database, verbosity=0)
"""
    printed = flights_venv.run(program)
    assert "attempt to write a readonly database" in printed
    assert installed.read_bytes() == before
    assert [path.name for path in installed.parent.glob("nycflights13.db*")] == [installed.name]


def test_django_finds_moments_with_the_field_of_the_page(
    flights_venv: Venv, tmp_path: Path
) -> None:
    if find_spec("django") is None:
        pytest.skip("django is not installed")
    write_files(tmp_path)
    program = f"""
import datetime, os, sys
os.chdir({str(tmp_path)!r})
sys.path.insert(0, "")
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import urls
found = urls.Flight.objects
moment = datetime.datetime(2013, 1, 1, 10, tzinfo=datetime.UTC)
print(found.filter(time_hour=moment).count(), found.filter(time_hour__in=[moment]).count())
print(found.filter(time_hour__lte=moment).count(), found.filter(time_hour__isnull=True).count())
"""
    assert flights_venv.run(program).split() == ["6", "6", "6", "0"]
