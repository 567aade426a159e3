"""What the functions of the notes API share: who calls, where notes lie, and how an answer looks."""

import json
import os

import boto3

_HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
_table = None


def table():
    """Return the table of notes, keyed by userId and noteId."""
    global _table
    if _table is None:
        _table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
    return _table


def caller(event):
    """Return the caller's Cognito identity id: a note belongs to who wrote it."""
    return event["requestContext"]["identity"]["cognitoIdentityId"]


def key(event):
    """Return the key of the note that the path names, among the caller's own."""
    return {"userId": caller(event), "noteId": event["pathParameters"]["id"]}


def answer(status, body):
    return {"statusCode": status, "headers": _HEADERS, "body": json.dumps(body, default=int)}


def read_note(event):
    """Return the note in the request's body, and None; or None, and the answer that says what is wrong with it."""
    try:
        note = json.loads(event["body"] or "")
    except ValueError:
        return None, answer(400, {"error": "the body is not JSON"})
    if not isinstance(note, dict) or not isinstance(note.get("content"), str):
        return None, answer(400, {"error": "a note needs a text as its content"})
    return {"content": note["content"], "attachment": note.get("attachment")}, None
