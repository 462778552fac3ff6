#!/bin/sh
# Builds the image here, pushes it to Google Artifact Registry and deploys it to Cloud Run.
#
#   PROJECT=my-project REGION=europe-west1 deploy/cloud-run.sh
#
# Needs docker (or CONTAINER=podman) and gcloud, signed in. The repository is made if it is not there.
set -eu
: "${PROJECT:?name the Google Cloud project in PROJECT}"
REGION=${REGION:-europe-west1}
REPOSITORY=${REPOSITORY:-smn}
CONTAINER=${CONTAINER:-docker}
TAG=${TAG:-$(git rev-parse --short HEAD)}
IMAGE=$REGION-docker.pkg.dev/$PROJECT/$REPOSITORY/smn:$TAG

cd "$(dirname "$0")/.."
gcloud services enable artifactregistry.googleapis.com run.googleapis.com --project "$PROJECT"
gcloud artifacts repositories describe "$REPOSITORY" --project "$PROJECT" --location "$REGION" >/dev/null 2>&1 ||
    gcloud artifacts repositories create "$REPOSITORY" --project "$PROJECT" --location "$REGION" --repository-format docker
gcloud auth configure-docker "$REGION-docker.pkg.dev" --quiet
"$CONTAINER" build --tag "$IMAGE" .
"$CONTAINER" push "$IMAGE"
gcloud run deploy smn --project "$PROJECT" --region "$REGION" --image "$IMAGE" \
    --cpu 2 --memory 1Gi --concurrency 32 --timeout 60 --max-instances 4 \
    --set-env-vars "SMN_DATABASE=${SMN_DATABASE:-},SMN_RATE=${SMN_RATE:-120}" \
    ${PUBLIC:+--allow-unauthenticated}
