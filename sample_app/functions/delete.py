import notes


def main(event, context):
    """DELETE /notes/{id}: forget one of the caller's notes."""
    deleted = notes.table().delete_item(Key=notes.key(event), ReturnValues="ALL_OLD")
    if "Attributes" not in deleted:
        return notes.answer(404, {"error": "there is no such note"})
    return notes.answer(200, {"deleted": True})
