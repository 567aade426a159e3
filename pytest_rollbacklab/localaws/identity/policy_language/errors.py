"""What is wrong with a policy document, as an answer of a service: whoever asks passes it on; it is never an allow."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["PolicyError"]


class PolicyError(ServiceError):
    """A policy document that cannot be evaluated."""

    @classmethod
    def malformed(cls, what: str) -> PolicyError:
        """Say what of a document is none of IAM's grammar."""
        return cls("MalformedPolicyDocument", what)

    @classmethod
    def unsupported(cls, what: str, known: Iterable[str] = ()) -> PolicyError:
        """Say what of IAM's grammar is not emulated, and what is."""
        instead = f" It knows {', '.join(known)}." if known else ""
        return cls("NotImplemented", f"the local AWS does not emulate {what} in a policy.{instead}", 501)

    def of_policy(self, name: str) -> PolicyError:
        """Return the error with the policy named in which it is."""
        return PolicyError(self.code, f"policy {name}: {self.message}", self.status)
