"""The parts of the local AWS, made and wired: the one place where concrete classes meet."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.front_door import ApiCall, FrontDoor
from pytest_rollbacklab.localaws.gateway.service import Gateway
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity.credentials import Credentials, CredentialStore, Principal
from pytest_rollbacklab.localaws.identity.policies import Policies
from pytest_rollbacklab.localaws.identity.service import Identity
from pytest_rollbacklab.localaws.lambdas.service import Lambdas
from pytest_rollbacklab.localaws.moto_seam import owners
from pytest_rollbacklab.localaws.moto_seam.backends import password_of
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient
from pytest_rollbacklab.localaws.stacks.service import Stacks
from pytest_rollbacklab.localaws.telemetry import Telemetry

__all__ = ["Cloud"]
