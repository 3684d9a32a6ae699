"""What one would write without an action: the token by `requests`, a mask, and a line for the steps that follow."""

import os

import requests

response = requests.post(
    os.environ["ORIGIN"] + "/oauth/token",
    auth=(os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]),
    data={"grant_type": "client_credentials"},
)
response.raise_for_status()
token = response.json()["access_token"]
print(f"::add-mask::{token}")
with open(os.environ["GITHUB_OUTPUT"], "a") as output:
    output.write(f"token={token}\n")
