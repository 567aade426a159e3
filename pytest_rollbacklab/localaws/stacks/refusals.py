"""What CloudFormation answers when it refuses, in AWS's codes and words: one named constructor a refusal.

Texts are those of AWS's recordings where there is one, and else those that its users report. Refusals of our own,
for what the local AWS does not emulate, end in ``not_emulated`` and name the thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = [
    "already_exists",
    "already_exists_for_change_set",
    "cannot_be_deleted",
    "cannot_be_updated",
    "change_set_exists",
    "change_set_not_executable",
    "change_set_not_found",
    "invalid",
    "no_updates",
    "not_emulated",
    "requires_capabilities",
    "stack_does_not_exist",
    "stack_with_id_does_not_exist",
    "termination_protected",
]


def invalid(message: str) -> ServiceError:
    """Say ``ValidationError``, CloudFormation's answer to nearly everything."""
    return ServiceError("ValidationError", message, 400)


def not_emulated(what: str) -> ServiceError:
    """Refuse what AWS has and the local AWS has not."""
    return invalid(f"The local AWS does not emulate {what}.")


def stack_with_id_does_not_exist(name: str) -> ServiceError:
    return invalid(f"Stack with id {name} does not exist")


def already_exists(name: str) -> ServiceError:
    return ServiceError("AlreadyExistsException", f"Stack [{name}] already exists", 400)


def already_exists_for_change_set(stack: str, change_set: str) -> ServiceError:
    return invalid(f"Stack [{stack}] already exists and cannot be created again with the changeSet [{change_set}].")


def cannot_be_updated(stack_id: str, status: str) -> ServiceError:
    return invalid(f"Stack:{stack_id} is in {status} state and can not be updated.")


def cannot_be_deleted(stack_id: str, status: str) -> ServiceError:
    return invalid(f"Stack [{stack_id}] cannot be deleted while in status {status}")


def termination_protected(name: str) -> ServiceError:
    return invalid(f"Stack [{name}] cannot be deleted while TerminationProtection is enabled")


def no_updates() -> ServiceError:
    return invalid("No updates are to be performed.")


def requires_capabilities(capabilities: Iterable[str]) -> ServiceError:
    return ServiceError(
        "InsufficientCapabilitiesException", f"Requires capabilities : [{', '.join(capabilities)}]", 400
    )


def change_set_exists(name: str) -> ServiceError:
    return ServiceError("AlreadyExistsException", f"ChangeSet [{name}] already exists", 400)


def change_set_not_found(name: str) -> ServiceError:
    return ServiceError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def change_set_not_executable(change_set_id: str, what: str, status: str) -> ServiceError:
    """Refuse to execute; ``what`` is "status" or "execution status"."""
    message = f"ChangeSet [{change_set_id}] cannot be executed in its current {what} of [{status}]"
    return ServiceError("InvalidChangeSetStatus", message, 400)


def stack_does_not_exist(name: str) -> ServiceError:
    return invalid(f"Stack [{name}] does not exist")
