import time
import uuid

import notes


def main(event, context):
    """POST /notes: keep a new note of the caller's."""
    try:
        written = notes.written(event)
    except notes.InvalidNoteError as error:
        return notes.answer(400, {"error": str(error)})
    note = {
        "userId": notes.caller(event),
        "noteId": str(uuid.uuid1()),
        "content": written["content"],
        "attachment": written["attachment"],
        "createdAt": int(time.time() * 1000),
    }
    notes.table().put_item(Item=note)
    return notes.answer(200, note)
