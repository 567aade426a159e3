import notes


def main(event, context):
    """GET /notes/{id}: one of the caller's notes."""
    found = notes.table().get_item(Key=notes.key(event))
    if "Item" not in found:
        return notes.answer(404, {"error": "there is no such note"})
    return notes.answer(200, found["Item"])
