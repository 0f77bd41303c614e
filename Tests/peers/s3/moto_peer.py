"""moto's S3, KMS, IAM and STS on a free port of the loopback, with signatures verified.

Prints one JSON line (endpoint, credentials, keys) and stays until its parent ends or it is killed. The buckets `store`
and `locked` (with object lock) are there, and a KMS key under `alias/apus`.
"""

import json
import os
import time

# Requests that come before the first credentials exist are let through: as many as `prepare` sends, no more.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

import boto3
from moto.server import ThreadedMotoServer

from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import FakeBucket

PARENT = os.getppid()


class Uploads(dict):
    """moto answers 500 for an upload that is not there (KeyError); S3 says NoSuchUpload."""

    def __missing__(self, upload_id):
        raise NoSuchUpload(upload_id)


def patch_uploads():
    plain = FakeBucket.__init__

    def init(self, *args, **kwargs):
        plain(self, *args, **kwargs)
        self.multiparts = Uploads(self.multiparts)

    FakeBucket.__init__ = init


patch_uploads()


def client(service, endpoint, key="none", secret="none"):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret)


def prepare(endpoint):
    iam = client("iam", endpoint)
    iam.create_user(UserName="apus")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="apus", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="apus")["AccessKey"]
    pair = key["AccessKeyId"], key["SecretAccessKey"]
    s3 = client("s3", endpoint, *pair)
    s3.create_bucket(Bucket="store")
    s3.create_bucket(Bucket="locked", ObjectLockEnabledForBucket=True)
    kms = client("kms", endpoint, *pair)
    key_id = kms.create_key()["KeyMetadata"]["Arn"]
    other_id = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/apus", TargetKeyId=key_id)
    role = client("iam", endpoint, *pair).create_role(
        RoleName="archive", AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
    client("iam", endpoint, *pair).put_role_policy(
        RoleName="archive", PolicyName="all", PolicyDocument=json.dumps(policy))
    return {
        "endpoint": endpoint, "accessKeyID": pair[0], "secretAccessKey": pair[1], "kmsKeyID": key_id,
        "otherKMSKeyID": other_id, "roleARN": role}


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    print(json.dumps(prepare(f"http://{host}:{port}")), flush=True)
    while os.getppid() == PARENT:
        time.sleep(0.5)
    os._exit(0)


main()
