"""The transform AWS::Serverless-2016-10-31, by AWS's own translator.

It runs in a thread, one at a time: importing it takes a third of a second, a large template as long again, and it keeps
the region in a class variable. It is imported when first asked for. Managed policies are those that it carries itself;
nothing is looked up.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid, not_emulated
from pytest_rollbacklab.localaws.stacks.templates.template import SAM

__all__ = ["transform"]

logger = logging.getLogger(__name__)

_one_at_a_time: Final = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Session:
    """All that the translator asks a boto3 session for."""

    region_name: str


async def transform(document: Mapping[str, Any], parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the CloudFormation template that a SAM template stands for.

    Args:
        document: Its resources have been looked at.
        parameters: Values by name, from which the translator computes logical ids.

    Raises:
        ServiceError: ``ValidationError`` with the translator's own findings.
    """
    for logical_id, member in document["Resources"].items():
        if member["Type"] == "AWS::Serverless::Application":
            raise not_emulated(f"AWS::Serverless::Application (the resource {logical_id})")
    return await asyncio.to_thread(_transform, copy.deepcopy(dict(document)), dict(parameters), region)


def _transform(document: dict[str, Any], parameters: dict[str, Any], region: str) -> dict[str, Any]:
    with _one_at_a_time:
        from samtranslator.model.exceptions import InvalidDocumentException
        from samtranslator.parser.parser import Parser
        from samtranslator.translator import translator as library
        from samtranslator.utils.py27hash_fix import (
            to_py27_compatible_template,
            undo_mark_unicode_str_in_template,
        )

        # As samtranslator's own transform() does, but with a region that is not looked for in the environment.
        library.make_policy_template_for_function_plugin = _policy_templates
        translator = library.Translator(None, Parser(), boto_session=_Session(region_name=region))
        try:
            to_py27_compatible_template(document, parameters)
            translated = translator.translate(document, parameters, get_managed_policy_map=dict)
            return _plain(undo_mark_unicode_str_in_template(translated))
        except InvalidDocumentException as error:
            causes = " ".join(cause.message for cause in error.causes)
            raise invalid(f"Transform {SAM} failed with: {error.message} {causes}") from error
        except Exception as error:
            # The translator stumbles over some malformed templates; AWS calls that the same.
            logger.exception("samtranslator failed")
            raise invalid(f"Transform {SAM} failed with: Internal transform failure. ({error!r})") from error
        finally:
            translator.metrics.publish()  # to nobody; it complains in the log if it is not done


@functools.cache
def _policy_templates() -> Any:
    """Return the plugin of SAM's policy templates, made once.

    The translator makes it anew each time, and validates its own templates then: half of what a small app's transform
    takes. It is only read.
    """
    from samtranslator.plugins.policies.policy_templates_plugin import PolicyTemplatesForResourcePlugin
    from samtranslator.policy_template_processor.processor import PolicyTemplatesProcessor

    return PolicyTemplatesForResourcePlugin(
        PolicyTemplatesProcessor(PolicyTemplatesProcessor.get_default_policy_templates_json())
    )


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """Take out what SAM leaves behind of its own."""
    return {section: content for section, content in document.items() if section not in {"Transform", "Globals"}}
