"""Signs requests again with botocore and with Aliyun's signer, and tells which `Authorization` differs from ours.

Reads a file of JSON lines: kind (s3, aws, oss), method, url, headers (as signed, without Authorization), body (hex),
accessKeyID, secretAccessKey, sessionToken, region, service, bucket, key, time (20150830T123600Z), authorization. Exits
with 1 at a difference.
"""

import datetime
import json
import sys

import botocore.auth
from alibabacloud_oss_v2 import credentials as oss_credentials
from alibabacloud_oss_v2.signer.v4 import SignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

OURS = ("x-amz-date", "x-amz-security-token", "x-amz-content-sha256", "x-oss-date", "x-oss-security-token")


def instant(case):
    return datetime.datetime.strptime(case["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)


def sent_headers(case):
    return {name: value for name, value in case["headers"] if name.lower() not in OURS}


def aws(case):
    botocore.auth.get_current_datetime = lambda remove_tzinfo=True: instant(case).replace(tzinfo=None)
    credentials = Credentials(case["accessKeyID"], case["secretAccessKey"], case["sessionToken"] or None)
    kind = botocore.auth.S3SigV4Auth if case["kind"] == "s3" else botocore.auth.SigV4Auth
    request = AWSRequest(
        method=case["method"], url=case["url"], headers=sent_headers(case), data=bytes.fromhex(case["body"]))
    kind(credentials, case["service"], case["region"]).add_auth(request)
    return request.headers["Authorization"]


def oss(case):
    host = case["url"].split("/")[2]
    request = HttpRequest(case["method"], case["url"], headers={**sent_headers(case), "host": host})
    context = SigningContext(
        product="oss", region=case["region"], bucket=case["bucket"] or None, key=case["key"] or None, request=request,
        credentials=oss_credentials.Credentials(
            case["accessKeyID"], case["secretAccessKey"], case["sessionToken"] or None),
        signing_time=instant(case))
    context.additional_headers = {"host"}
    SignerV4().sign(context)
    return request.headers["Authorization"]


def main():
    wrong = 0
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            expected = oss(case) if case["kind"] == "oss" else aws(case)
            if expected != case["authorization"]:
                wrong += 1
                print(json.dumps(case), "\n  expected", expected)
    print(f"{wrong} differ")
    return 1 if wrong else 0


sys.exit(main())
