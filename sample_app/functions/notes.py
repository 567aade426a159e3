"""What the functions of the notes API share: whose a note is, where notes lie, and how an answer looks."""

import functools
import json
import os

import boto3

HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}


class InvalidNoteError(Exception):
    """The request holds no note; the text, for the caller, says why."""


@functools.cache
def table():
    """Return the table of notes, keyed by userId and noteId. It is looked up once and kept between requests."""
    return boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def caller(event):
    """Return the caller's Cognito identity id: a note belongs to whoever wrote it."""
    return event["requestContext"]["identity"]["cognitoIdentityId"]


def key(event):
    """Return the key of the note that the path names, among the caller's own."""
    return {"userId": caller(event), "noteId": event["pathParameters"]["id"]}


def written(event):
    """Return the content and the attachment in the request's body.

    Raises InvalidNoteError.
    """
    try:
        note = json.loads(event["body"] or "")
    except ValueError:
        raise InvalidNoteError("the body is not JSON") from None
    if not isinstance(note, dict) or not isinstance(note.get("content"), str):
        raise InvalidNoteError("a note needs a text as its content")
    if not isinstance(note.get("attachment"), str | None):
        raise InvalidNoteError("a note's attachment is the name of a file, or null")
    return {"content": note["content"], "attachment": note.get("attachment")}


def answer(status, body):
    """Return an answer as API Gateway's proxy integration wants it. DynamoDB's numbers are whole ones here."""
    return {"statusCode": status, "headers": HEADERS, "body": json.dumps(body, default=int)}
