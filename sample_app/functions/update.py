import notes
from botocore.exceptions import ClientError


def main(event, context):
    """PUT /notes/{id}: give one of the caller's notes another content and attachment."""
    try:
        written = notes.written(event)
    except notes.InvalidNoteError as error:
        return notes.answer(400, {"error": str(error)})
    try:
        updated = notes.table().update_item(
            Key=notes.key(event),
            UpdateExpression="SET content = :content, attachment = :attachment",
            ConditionExpression="attribute_exists(noteId)",
            ExpressionAttributeValues={":content": written["content"], ":attachment": written["attachment"]},
            ReturnValues="ALL_NEW",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise
        return notes.answer(404, {"error": "there is no such note"})
    return notes.answer(200, updated["Attributes"])
