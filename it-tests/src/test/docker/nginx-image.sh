#!/usr/bin/env bash
# Makes the image weft-it/nginx:local from the nginx of this machine (Debian: apt-get install nginx-light) and the shared
# libraries that it needs: nothing is pulled. It serves /usr/share/nginx/html on port 8080 until a test brings its own
# /etc/nginx/nginx.conf; run it with --network host.
set -euo pipefail

image=${1:-weft-it/nginx:local}
nginx=$(command -v nginx || echo /usr/sbin/nginx)
if [ ! -x "$nginx" ]; then
    echo "nginx-image.sh: no nginx here; install one (Debian: apt-get install nginx-light)" >&2
    exit 1
fi

image_root=$(mktemp -d)
trap 'rm -rf "$image_root"' EXIT
chmod 755 "$image_root"

mkdir -p "$image_root"/{etc/nginx,usr/sbin,usr/share/nginx/html,run,tmp,var/log/nginx,var/lib/nginx}
chmod 1777 "$image_root/tmp"
cp -L "$nginx" "$image_root/usr/sbin/nginx"
[ ! -f /etc/nginx/mime.types ] || cp -L /etc/nginx/mime.types "$image_root/etc/nginx/"

# The shared libraries under the same paths, the loader among them.
ldd "$nginx" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$image_root$(dirname "$library")"
    cp -L "$library" "$image_root$library"
done

printf 'root:x:0:0:root:/:/usr/sbin/nginx\nnobody:x:65534:65534:nobody:/:/usr/sbin/nginx\n' >"$image_root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$image_root/etc/group"
printf 'passwd: files\ngroup: files\nhosts: files\n' >"$image_root/etc/nsswitch.conf"
echo 'hello from nginx' >"$image_root/usr/share/nginx/html/index.html"
cat >"$image_root/etc/nginx/nginx.conf" <<'CONF'
user nobody nogroup;
worker_processes 1;
daemon off;
error_log stderr;
pid /run/nginx.pid;
events {}
http {
    access_log off;
    server {
        listen 8080;
        root /usr/share/nginx/html;
    }
}
CONF

tar -C "$image_root" -c . | docker import --change 'ENTRYPOINT ["/usr/sbin/nginx"]' - "$image" >/dev/null
echo "made $image: $("$nginx" -v 2>&1)"
