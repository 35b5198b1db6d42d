#!/bin/bash
# A boot script for a node type with register = "ssh": prepares the server for Jenkins, which connects to it by SSH.
#
# Copy it beside mita.toml and name it there: script_file = "boot-ssh.sh". mita creates the node in Jenkins; this script
# creates the user of the credentials and installs Java. It contains no secret. cloud-init runs it once, as root, at the
# first boot. It needs an image with bash and sshd (Debian, Ubuntu, Fedora and similar). Jenkins may connect before the
# script has finished: Jenkins tries again each minute, for as long as join_timeout lasts.
set -euo pipefail

# The user of the credentials in Jenkins, and its home: the value of remote_fs in the node type.
user=jenkins
home=/home/jenkins
# The Java release that Jenkins requires: the package for apt-get, and the package for dnf.
java_deb=default-jre-headless
java_rpm=java-21-openjdk-headless

die() {
    echo "boot-ssh: $*" >&2
    exit 1
}

# The public key of the node type's key pair (keyname). By now, cloud-init has installed it for the default user of the image.
key() {
    local file
    for file in /home/*/.ssh/authorized_keys; do
        [ -s "$file" ] && cat "$file" && return
    done
    return 1
}

install_java() {
    command -v java >/dev/null && return
    if command -v apt-get >/dev/null; then
        apt-get update
        DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$java_deb"
    else
        dnf install -y "$java_rpm"
    fi
}

id "$user" >/dev/null 2>&1 || useradd --create-home --home-dir "$home" --shell /bin/bash "$user"
if [ ! -s "$home/.ssh/authorized_keys" ]; then
    keys=$(key) || die "no user of this image has a key: has the node type a keyname?"
    mkdir -p "$home/.ssh"
    printf '%s\n' "$keys" >"$home/.ssh/authorized_keys"
fi
chmod 700 "$home/.ssh"
chmod 600 "$home/.ssh/authorized_keys"
chown -R "$user": "$home"
install_java
echo "boot-ssh: ready for Jenkins, which logs in as $user"
