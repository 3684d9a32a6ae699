#!/usr/bin/env bash
# Publishes a release that nobody can change afterwards, and moves the major tag to it. Safe to run again.
#
#     scripts/release.sh TAG COMMIT NEWEST FILE…
#
# TAG exists and points to COMMIT; NEWEST is the newest tag of the same major version. Needs gh, jq, and the variables
# GH_TOKEN and GITHUB_REPOSITORY. The files are attached to the release; one of them is checksums.txt.
set -euo pipefail

tag=$1 commit=$2 newest=$3 files=("${@:4}")
major=${tag%%.*}
export GH_REPO=$GITHUB_REPOSITORY

fail() {
  echo "::error::$1"
  exit 1
}
view() { gh release view "$tag" --json isDraft,isImmutable,assets; }
# A correction of an older release becomes neither the latest release nor the major version.
if [ "$tag" = "$newest" ]; then latest=true; else latest=false; fi

# As a draft, because nothing can be attached to an immutable release. An earlier run may have come this far.
release=$(view) || {
  gh release create "$tag" --draft --verify-tag --generate-notes --title "$tag"
  release=$(view)
}
if [ "$(jq .isDraft <<< "$release")" = true ]; then
  gh release upload "$tag" --clobber "${files[@]}"
  gh release edit "$tag" --draft=false --latest="$latest"
  release=$(view)
fi

# The build is reproducible, so the checksums are the same in every run.
for file in "${files[@]}"; do
  if [ "${file##*/}" = checksums.txt ]; then digest="sha256:$(sha256sum "$file" | cut -d ' ' -f 1)"; else digest=''; fi
  jq --exit-status --arg name "${file##*/}" --arg digest "$digest" \
    'any(.assets[]; .name == $name and ($digest == "" or .digest == $digest))' <<< "$release" > /dev/null ||
    fail "Release $tag is published with another ${file##*/}, or without it. Release a new version."
done
[ "$(jq .isImmutable <<< "$release")" = true ] ||
  fail "Release $tag is not immutable. Turn on release immutability in the settings, delete the release (not the tag), and run this job again."

if [ "$latest" = true ]; then
  refs="repos/$GITHUB_REPOSITORY/git/refs"
  if gh api "repos/$GITHUB_REPOSITORY/git/ref/tags/$major" --silent; then
    gh api --method PATCH "$refs/tags/$major" --field sha="$commit" --field force=true --silent
  else
    gh api --method POST "$refs" --field ref="refs/tags/$major" --field sha="$commit" --silent
  fi
fi
