#!/bin/bash
# A boot script for a node type with register = "inbound": starts the agent of the node that mita created.
#
# Copy it beside mita.toml and name it there: script_file = "boot-inbound-registered.sh". mita fills in the URL of Jenkins,
# the name of the node and the secret of its agent; cloud-init then runs the script once, as root, at the first boot. It
# needs an image with bash, curl, ip and systemd (Debian, Ubuntu, Fedora and similar), and Jenkins 2.440 or newer.
set -euo pipefail
umask 077

# The Java release that Jenkins requires: the package for apt-get, and the package for dnf.
java_deb=default-jre-headless
java_rpm=java-21-openjdk-headless

# mita fills in these values.
jenkins='${JENKINS_URL}'
name='${MITA_AGENT_NAME}'
secret='${MITA_AGENT_SECRET}'
options='${MITA_AGENT_OPTIONS}'
# The value of remote_fs in the node type.
home=/home/jenkins

die() {
    echo "boot-inbound-registered: $*" >&2
    exit 1
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

# Download the agent. Retry, because Jenkins may be restarting.
fetch_agent() {
    for _ in {1..60}; do
        curl --silent --show-error --fail --max-time 60 --output "$home/agent.jar" "${jenkins}jnlpJars/agent.jar" && return
        sleep 10
    done
    die "Jenkins gave no agent.jar for ten minutes"
}

install_java
id jenkins >/dev/null 2>&1 || useradd --create-home --home-dir "$home" --shell /bin/bash jenkins
mkdir -p "$home"
fetch_agent
printf '%s\n' "$secret" >"$home/secret"
chown -R jenkins: "$home"

# The secret is part of the user data, which the metadata service shows to every process on the server. The agent's service
# blocks the metadata service, so that only builds with root can read the secret. At each boot, cloud-init runs before it.
cat >/etc/systemd/system/jenkins-agent.service <<UNIT
[Unit]
Description=Jenkins agent $name
Wants=network-online.target
After=network-online.target cloud-config.service

[Service]
User=jenkins
WorkingDirectory=$home
ExecStartPre=+-$(command -v ip) route replace prohibit 169.254.169.254
ExecStart=$(command -v java) -jar $home/agent.jar -url ${jenkins//%/%%} -name $name -secret @$home/secret $options -workDir $home
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now jenkins-agent.service
echo "boot-inbound-registered: the agent of $name is started"
