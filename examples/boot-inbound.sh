#!/bin/bash
# A boot script for a node type: registers its server in Jenkins as an inbound agent with the name base+IP.
#
# Copy it beside mita.toml, set the values below, and name it there: script_file = "boot-inbound.sh". mita fills in the
# name of the node type, its labels and the URL of Jenkins; cloud-init then runs the script once, as root, at the first
# boot. It needs an image with bash, curl, ip and systemd (Debian, Ubuntu, Fedora and similar), and Jenkins 2.440 or
# newer. For an older Jenkins, start agent.jar with -jnlpUrl URL/computer/NAME/jenkins-agent.jnlp in place of -url and -name.
set -euo pipefail
umask 077

# A Jenkins user for this script alone, as USER:API_TOKEN, with Overall/Read, Agent/Create and Agent/Connect.
registrar="registrar:API_TOKEN"
# The value of executors in the node type.
executors=1
# The Java release that Jenkins requires: the package for apt-get, and the package for dnf.
java_deb=default-jre-headless
java_rpm=java-21-openjdk-headless

# mita fills in these values. Names and labels contain no single quotes.
jenkins='${JENKINS_URL}'
node_type='${MITA_NODE}'
labels='${MITA_LABELS}'
home=/home/jenkins

die() {
    echo "boot-inbound: $*" >&2
    exit 1
}

# The address that this server uses to reach others. It need not be the one that Jenkins sees, only one that the cloud
# lists for the server. The two destinations are for documentation only (RFC 5737, RFC 3849); nothing is sent to them.
address() {
    local to
    for to in 192.0.2.1 2001:db8::1; do
        ip -o route get "$to" 2>/dev/null | grep -o ' src [^ ]*' | cut -d ' ' -f 3 && return
    done
}

# Percent-encodes a part of a path.
encoded() {
    local LC_ALL=C text=$1 at byte
    for ((at = 0; at < ${#text}; at++)); do
        case ${text:at:1} in
            [A-Za-z0-9._~-]) printf %s "${text:at:1}" ;;
            *) printf -v byte %d "'${text:at:1}"
               printf %%%02X $((byte & 255)) ;;
        esac
    done
}

# ask FILE CURL_ARGUMENTS...: saves the answer in FILE and prints its status, or 000 if there is no answer. The user and
# the token go through a pipe, because everybody can read the arguments of a process.
ask() {
    local file=$1
    shift
    curl --silent --show-error --max-time 60 --config <(printf 'user = "%s"\n' "$registrar") \
        --dump-header "$work/headers" --output "$file" --write-out '%{http_code}' "$@" || true
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

# Creates the node. Names and labels contain no quotes and no backslashes (mita refuses them), so the JSON needs no
# escapes. curl encodes the plus sign as %2B, because a form decodes a plus sign as a blank.
register() {
    local json status words
    json=$(cat <<JSON
{"name": "$name", "nodeDescription": "", "numExecutors": "$executors", "remoteFS": "$home", "labelString": "$labels",
 "mode": "NORMAL", "type": "hudson.slaves.DumbSlave", "nodeProperties": {"stapler-class-bag": "true"},
 "retentionStrategy": {"stapler-class": "hudson.slaves.RetentionStrategy\$Always",
                       "\$class": "hudson.slaves.RetentionStrategy\$Always"},
 "launcher": {"stapler-class": "hudson.slaves.JNLPLauncher", "\$class": "hudson.slaves.JNLPLauncher", "webSocket": true,
              "workDirSettings": {"disabled": false, "workDirPath": "", "internalDir": "remoting",
                                  "failIfWorkDirIsMissing": false}}}
JSON
    )
    for _ in {1..60}; do
        status=$(ask "$work/answer" --data-urlencode "name=$name" --data-urlencode "type=hudson.slaves.DumbSlave" \
            --data-urlencode "json=$json" "${jenkins}computer/doCreateItem")
        words=$(sed -n 's/\r$//; s/^[Xx]-[Ee]rror: //p' "$work/headers" 2>/dev/null || true)
        case $status in
            200 | 302) return ;;
            # The node exists: the answer to an earlier attempt was lost, or an earlier server had this address.
            400) [ "$(ask "$work/answer" "${jenkins}computer/$path/api/json")" = 200 ] && return
                 die "Jenkins does not make the node $name: ${words:-status 400}" ;;
            401 | 403 | 404 | 405) die "Jenkins answers $status to a new node: check user, token, permissions and URL" ;;
        esac
        echo "boot-inbound: Jenkins answers $status to a new node, trying again in 10 s" >&2
        sleep 10
    done
    die "Jenkins took no new node for ten minutes"
}

# The secret of the agent: the first argument in its start file.
secret() {
    local status
    status=$(ask "$work/agent.jnlp" "${jenkins}computer/$path/jenkins-agent.jnlp")
    [ "$status" = 200 ] || die "Jenkins answers $status to the start file of $name: has the user Agent/Connect?"
    grep -o '<argument>[0-9a-f]\{64\}</argument>' "$work/agent.jnlp" | head -n 1 | grep -o '[0-9a-f]\{64\}' ||
        die "the start file of $name holds no secret"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

ip=$(address) || true
[ -n "$ip" ] || die "this server has no address"
# Jenkins allows no colons in names, so write dashes for the colons of IPv6.
name="$node_type+${ip//:/-}"
path=$(encoded "$name")

install_java
id jenkins >/dev/null 2>&1 || useradd --create-home --home-dir "$home" --shell /bin/bash jenkins
mkdir -p "$home"

register
secret >"$home/secret"
[ "$(ask "$home/agent.jar" "${jenkins}jnlpJars/agent.jar")" = 200 ] || die "Jenkins gives no agent.jar"
chown -R jenkins: "$home"

# The token is part of the user data, which the metadata service shows to every process on the server. The agent's service
# blocks the metadata service, so that only builds with root can read the token. At each boot, cloud-init runs before it.
cat >/etc/systemd/system/jenkins-agent.service <<UNIT
[Unit]
Description=Jenkins agent $name
Wants=network-online.target
After=network-online.target cloud-config.service

[Service]
User=jenkins
WorkingDirectory=$home
ExecStartPre=+-$(command -v ip) route replace prohibit 169.254.169.254
ExecStart=$(command -v java) -jar $home/agent.jar -url ${jenkins//%/%%} -name $name -secret @$home/secret -webSocket -workDir $home
Restart=always
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --now jenkins-agent.service
echo "boot-inbound: $name is registered, and its agent is started"
