#!/bin/sh
# Starts a built image without a container engine's daemon, asks it, and reports what it is: deploy/check-image.sh IMAGE [PICTURE]
# Needs buildah. Everything that is not as it should be ends the script.
set -eu
IMAGE=${1:?name the image, such as localhost/smn:1}
PICTURE=${2:-}
BUILDAH=${BUILDAH:-buildah --storage-driver vfs}
PORT=${PORT:-8765}

container=$($BUILDAH from "$IMAGE")
log=$(mktemp)
trap 'kill "$runner" 2>/dev/null || true; wait "$runner" 2>/dev/null || true; $BUILDAH rm "$container" >/dev/null' EXIT
$BUILDAH run --isolation chroot --network host --env "PORT=$PORT" "$container" -- \
    sh -c 'exec smn serve --host 127.0.0.1 --port "$PORT"' >"$log" 2>&1 &
runner=$!

tries=0
until python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$PORT/v2/health/ready', timeout=4)" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 60 ] || { echo "it does not answer:"; cat "$log"; exit 1; }
    sleep 1
done
pid=$(pgrep -f "serve --host 127.0.0.1 --port $PORT" | tail -1)
user=$(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")
[ "$user" = 10001 ] || { echo "it runs as user $user, not as 10001"; exit 1; }
$BUILDAH run --isolation chroot --network host --env "PORT=$PORT" "$container" -- \
    python3 -c "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/v2/health/ready\", timeout=4)"
$BUILDAH run --isolation chroot "$container" -- python3 -c "
import importlib.util as find
assert not any(find.find_spec(name) for name in ('torch', 'pip', 'matplotlib', 'sklearn')), 'something heavy is inside'"
if [ -n "$PICTURE" ]; then
    curl --silent --fail --data-binary "@$PICTURE" "http://127.0.0.1:$PORT/v1/predict?top_k=1&shape=hub"
    echo
fi
echo "healthy after $tries s, as user $user, $(awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$pid/status") MB of memory"
$BUILDAH inspect --type image "$IMAGE" | python3 -c "
import json, sys
told = json.load(sys.stdin)
print('layers:', len(told['OCIv1']['rootfs']['diff_ids']), '· user:', told['OCIv1']['config']['User'])"
$BUILDAH images --format '{{.Name}}:{{.Tag}} {{.Size}}' | grep -E "$(echo "$IMAGE" | sed 's/:.*//')|base"
mount=$($BUILDAH mount "$container")
du -sm "$mount/opt/smn" | awk '{ print "smn and its libraries: " $1 " MB" }'
(cd "$mount"/opt/smn/lib/python3*/site-packages && du -sm -- * | sort -rn | head -8)
$BUILDAH umount "$container" >/dev/null
