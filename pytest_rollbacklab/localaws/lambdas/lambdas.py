"""AWS Lambda for the local AWS: the parts put together.

The control plane (``control``) says what functions there are; ``invoking`` runs them, in environments that ``pool``
keeps and the fork server starts. Only here do they know of each other. What is not emulated is refused by name, in the
parts.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_rollbacklab.localaws.api import Aws, Scope, Service
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part
from pytest_rollbacklab.localaws.lambdas.control.alias_operations import AliasOperations
from pytest_rollbacklab.localaws.lambdas.control.concurrency import ConcurrencyOperations
from pytest_rollbacklab.localaws.lambdas.control.event_settings import EventSettingOperations
from pytest_rollbacklab.localaws.lambdas.control.function import Version
from pytest_rollbacklab.localaws.lambdas.control.function_operations import FunctionOperations
from pytest_rollbacklab.localaws.lambdas.control.function_reads import FunctionReads
from pytest_rollbacklab.localaws.lambdas.control.kept import KeptFunctions
from pytest_rollbacklab.localaws.lambdas.control.layer_operations import LayerOperations
from pytest_rollbacklab.localaws.lambdas.control.layers import LayerShelf, layer_arn
from pytest_rollbacklab.localaws.lambdas.control.permission_operations import PermissionOperations
from pytest_rollbacklab.localaws.lambdas.control.provisioned_operations import ProvisionedOperations
from pytest_rollbacklab.localaws.lambdas.control.tags import TagOperations
from pytest_rollbacklab.localaws.lambdas.control.url_operations import UrlOperations
from pytest_rollbacklab.localaws.lambdas.control.version_operations import VersionOperations
from pytest_rollbacklab.localaws.lambdas.environment import Machine
from pytest_rollbacklab.localaws.lambdas.events.delivery import Delivery
from pytest_rollbacklab.localaws.lambdas.events.queue import EventQueues
from pytest_rollbacklab.localaws.lambdas.events.trying import Trying
from pytest_rollbacklab.localaws.lambdas.forks import Forks
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation, Invoker
from pytest_rollbacklab.localaws.lambdas.neighbours import Credentials, Decides, FindsKeys, Telemetry
from pytest_rollbacklab.localaws.lambdas.packages import Packages
from pytest_rollbacklab.localaws.lambdas.pool import Pool
from pytest_rollbacklab.localaws.lambdas.provisions import Provisions
from pytest_rollbacklab.localaws.lambdas.sources.operations import EventSources
from pytest_rollbacklab.localaws.lambdas.sources.polling import Polling
from pytest_rollbacklab.localaws.lambdas.urls import FunctionUrls

__all__ = ["Lambdas"]


class Lambdas:
    """Lambda: its API, and its functions running. ``start`` it before, ``close`` it after.

    Args:
        aws: Reaches S3, for code.
        telemetry: Where functions log and are measured.
        credentials: Issues the credentials of execution roles.
        endpoint: Says the local AWS's address, once it has one.
        keeper: Hears of every change. What functions there are is kept; what runs is not: after a restart every
            function starts cold, and an invocation that nobody had been answered yet is gone. Events are kept until
            their end has been told, and are run again.
        keys: Finds the keys that requests to function URLs are signed with.
        policies: Says what their owners may do.
        retry_minutes: Whether a failed event is tried again after one and two minutes, as on AWS, and not at once.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        telemetry: Telemetry,
        credentials: Credentials,
        endpoint: Callable[[], str],
        keeper: Keeper | None = None,
        keys: FindsKeys | None = None,
        policies: Decides | None = None,
        retry_minutes: bool = False,
    ) -> None:
        keeper = keeper or Forgetful()
        kept = KeptFunctions(keeper, also=lambda function: self._provisions.changed(function))
        self._registry = kept.registry
        self._layers = LayerShelf(keeper)
        self._interpreter = Interpreter()
        self._packages = Packages()
        self._forks = Forks(self._interpreter)
        machine = Machine(
            forks=self._forks,
            interpreter=self._interpreter,
            packages=self._packages,
            telemetry=telemetry,
            credentials=credentials,
            endpoint=endpoint,
            layer=self._layers.content,
        )
        self._pool = Pool(machine)
        self._provisions = Provisions(registry=self._registry, machine=machine)
        self._invoker = Invoker(
            registry=self._registry,
            pool=self._pool,
            provisions=self._provisions,
            metrics=telemetry.metrics,
            accept=lambda event: self._events.put(event),
        )
        delivery = Delivery(aws=aws, invoke=self._send_on)
        self._sources = EventSources(
            registry=self._registry, aws=aws, keeper=keeper, changed=lambda source: self._polling.changed(source)
        )
        self._polling = Polling(sources=self._sources, aws=aws, invoke=self._invoker.invoke, delivery=delivery)
        trying = Trying(
            registry=self._registry,
            run=self._invoker.try_event,
            delivery=delivery,
            metrics=telemetry.metrics,
            waits=retry_minutes,
        )
        self._events = EventQueues(step=trying.step, keeper=keeper)
        self.parts: tuple[Part, ...] = (self._layers, kept, self._events, self._sources)
        self._urls = FunctionUrls(
            registry=self._registry, invoke=self._invoker.invoke, keys=lambda: keys, policies=policies
        )
        self.answer_url = self._urls.answer
        """Answers a request to a function URL."""
        self._reads = FunctionReads(registry=self._registry, endpoint=endpoint)
        self._permissions = PermissionOperations(registry=self._registry)
        functions = FunctionOperations(
            registry=self._registry, aws=aws, layers=self._layers, superseded=self._superseded
        )
        self.service = Service(
            name="lambda",
            operations={
                **functions.operations,
                **self._reads.operations,
                **VersionOperations(registry=self._registry).operations,
                **AliasOperations(registry=self._registry).operations,
                **self._permissions.operations,
                **ConcurrencyOperations(registry=self._registry).operations,
                **TagOperations(registry=self._registry).operations,
                **ProvisionedOperations(registry=self._registry, progress=self._provisions.progress).operations,
                **UrlOperations(registry=self._registry, endpoint=endpoint).operations,
                **self._sources.operations,
                **LayerOperations(shelf=self._layers, aws=aws, endpoint=endpoint).operations,
                **EventSettingOperations(registry=self._registry).operations,
                "Invoke": self._invoker.operation,
            },
        )

    async def start(self) -> None:
        """Start the fork server. It gets ready by itself; the first invocation waits for it, nothing else does."""
        self._forks.start()
        self._provisions.start()
        self._events.start()
        self._polling.start()

    async def close(self) -> None:
        """End every environment and the fork server; no process and no directory is left."""
        await self._polling.close()
        await self._events.close()
        await self._provisions.close()
        await self._pool.close()
        await self._forks.close()
        await self._invoker.close()
        await self._pool.close()  # what an invocation was still making when the first were ended
        self._packages.close()
        self._interpreter.close()

    async def invoke(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        client_context: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Run a function and wait for its answer, as Invoke does with RequestResponse.

        A caller that is cancelled while it waits does not stop the function.

        Args:
            scope: Where the function is.
            function: Its name in any form.
            qualifier: A version or an alias; None for ``$LATEST``.
            payload: JSON, at most 6 MB; nothing is an empty object.
            trace_id: An X-Ray trace header to pass on.
            client_context: In base64, as Invoke's ClientContext.
            request_id: The id that the function shall know the invocation by; a new one when None.

        Raises:
            ServiceError: as Invoke: no such function, throttled, no JSON. A function that fails raises nothing:
                its invocation has a ``function_error``.
        """
        return await self._invoker.invoke(
            scope,
            function,
            qualifier,
            payload,
            trace_id=trace_id,
            client_context=client_context,
            request_id=request_id,
        )

    def send_event(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        client_context: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """Have a function run later, as Invoke does with Event; return the request id. Arguments as ``invoke``'s.

        Raises:
            ServiceError: no such function, more than 1 MB, no JSON. A throttled event is tried again, not refused.
        """
        return self._invoker.accept(
            scope,
            function,
            qualifier,
            payload,
            trace_id=trace_id,
            client_context=client_context,
            request_id=request_id,
        )

    def permits(self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str) -> bool:
        """Say whether the function's resource policy lets a service invoke it.

        Args:
            scope: Where the function is.
            function: Its name in any form.
            qualifier: What is invoked; None for the function itself.
            principal: The service: ``apigateway.amazonaws.com``.
            source_arn: What it calls for: an API's method.
        """
        return self._permissions.permits(scope, function, qualifier, principal=principal, source_arn=source_arn)

    def code(self, scope: Scope, name: str, qualifier: str) -> bytes:
        """Return the zip that GetFunction's Code.Location, or a layer's Content.Location, leads to.

        Args:
            scope: Where it is.
            name: The function's, or ``layer:`` and the layer's.
            qualifier: The version.

        Raises:
            ServiceError: ``ResourceNotFoundException``.
        """
        kind, _, layer = name.partition(":")
        if kind == "layer":
            return self._layers.content(f"{layer_arn(scope, layer)}:{qualifier}").zip
        return self._reads.code(scope, name, qualifier)

    def _send_on(self, scope: Scope, function: str, payload: bytes) -> None:
        self._invoker.accept(scope, function, None, payload)

    def _superseded(self, version: Version) -> None:
        self._pool.retire(version)
