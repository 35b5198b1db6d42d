#!/bin/bash
# A boot script for a node type with register = "ssh": makes the server ready for Jenkins, which connects to it by SSH.
#
# Copy it beside mita.toml and name it there: script_file = "boot-ssh.sh". mita makes the node in Jenkins; this script sees
# to the user that the credentials log in as, and to Java. It holds no secret. cloud-init runs it once, as root, at the
# first boot. It wants an image with bash and sshd (Debian, Ubuntu, Fedora and their kin). Jenkins may be there before the
# script is through: it tries again each minute, for as long as join_timeout lasts.
set -euo pipefail

# The user of the credentials in Jenkins, and its home: remote_fs of the node type.
user=jenkins
home=/home/jenkins
# The Java release that this Jenkins asks for: the package of apt-get, and that of dnf.
java_deb=default-jre-headless
java_rpm=java-21-openjdk-headless

die() {
    echo "boot-ssh: $*" >&2
    exit 1
}

# The key pair of the node type (keyname): cloud-init has given it to the image's own user by now.
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
