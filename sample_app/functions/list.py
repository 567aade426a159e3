import notes
from boto3.dynamodb.conditions import Key


def main(event, context):
    """GET /notes: all of the caller's notes, page by page as DynamoDB gives them."""
    query = {"KeyConditionExpression": Key("userId").eq(notes.caller(event))}
    page = notes.table().query(**query)
    found = page["Items"]
    while "LastEvaluatedKey" in page:
        page = notes.table().query(**query, ExclusiveStartKey=page["LastEvaluatedKey"])
        found += page["Items"]
    return notes.answer(200, found)
