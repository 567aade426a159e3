import time
import uuid

import notes


def main(event, context):
    """POST /notes: keep a note, and answer it."""
    written, refusal = notes.read_note(event)
    if refusal:
        return refusal
    note = {
        "userId": notes.caller(event),
        "noteId": str(uuid.uuid1()),
        "content": written["content"],
        "attachment": written["attachment"],
        "createdAt": int(time.time() * 1000),
    }
    notes.table().put_item(Item=note)
    return notes.answer(200, note)
