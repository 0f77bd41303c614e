"""Tells by boto3, as JSON, what a store has kept beside an object.

`describe.py <endpoint> <key id> <secret> <bucket> <key>`
"""

import json
import sys

import boto3

endpoint, key_id, secret, bucket, key = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key_id, aws_secret_access_key=secret)
head = s3.head_object(Bucket=bucket, Key=key)
tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
print(json.dumps({
    "contentType": head["ContentType"], "storageClass": head.get("StorageClass", ""),
    "encryption": head.get("ServerSideEncryption", ""), "kmsKeyID": head.get("SSEKMSKeyId", ""),
    "tags": {tag["Key"]: tag["Value"] for tag in tags}, "lockMode": head.get("ObjectLockMode", ""),
    "retainUntil": str(head.get("ObjectLockRetainUntilDate", "")), "metadata": head["Metadata"]}))
