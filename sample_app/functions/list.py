import notes
from boto3.dynamodb.conditions import Key


def main(event, context):
    """GET /notes: all of the caller's notes."""
    mine = Key("userId").eq(notes.caller(event))
    page = notes.table().query(KeyConditionExpression=mine)
    found = page["Items"]
    while "LastEvaluatedKey" in page:
        page = notes.table().query(KeyConditionExpression=mine, ExclusiveStartKey=page["LastEvaluatedKey"])
        found += page["Items"]
    return notes.answer(200, found)
