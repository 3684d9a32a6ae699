"""What a workflow could do without an action: get the token with `requests`, mask it, and write it as an output."""

import os

import requests

response = requests.post(
    os.environ["INPUT_BASE-URL"] + "/oauth/token",
    auth=(os.environ["INPUT_CLIENT-ID"], os.environ["INPUT_CLIENT-SECRET"]),
    data={"grant_type": "client_credentials"},
)
response.raise_for_status()
token = response.json()["access_token"]
print(f"::add-mask::{token}")
with open(os.environ["GITHUB_OUTPUT"], "a") as output:
    output.write(f"token={token}\n")
