//! The errors of a `[nodes.NAME]` that cannot be used.

use super::bad_input::check;
use super::*;

#[test]
fn the_node_types() {
    let rest = format!("{JENKINS}{PROVIDER}");
    check(
        "[nodes.ubuntu]\nprovider = \"openstack\"\nimage_name = \"U\"\nsize = \"m1\"\n",
        &rest,
        &[
            (
                "lables = \"a\"\nflavor = \"m2\"\ndeadline = \"1m\"",
                &[
                    "mita.toml:5: nodes.ubuntu.lables: unknown key; did you mean labels?",
                    "mita.toml:6: nodes.ubuntu.flavor: means the same as size in line 4; keep one of the two",
                    "mita.toml:7: nodes.ubuntu.deadline: unknown key; it goes at the top of the file, above the first table",
                ],
            ),
            (
                "labels = [\"a b\",\n \"a||b\",\n 1]",
                &["mita.toml:7: nodes.ubuntu.labels: must be a text in quotes, and is a whole number"],
            ),
            (
                "labels = [\"a b\",\n \"a||b\", 'say \"x\"']",
                &[
                    "mita.toml:6: nodes.ubuntu.labels: the label \"a||b\" holds |, an operator of label expressions in \
                     Jenkins; write it without",
                    "mita.toml:6: nodes.ubuntu.labels: the label \"say \\\"x\\\"\" holds \", which quotes labels in \
                     Jenkins; write it without",
                ],
            ),
            (
                "labels = \"a, b\"",
                &["mita.toml:5: nodes.ubuntu.labels: the label \"a,\" begins or ends with a comma; \
                   separate labels by white space or write a list"],
            ),
            (
                "labels = true",
                &["mita.toml:5: nodes.ubuntu.labels: must be a text in quotes or a list of them, and is true or false"],
            ),
            (
                "ports = [\"p\"]",
                &["mita.toml:5: nodes.ubuntu.ports: a port belongs to one server at a time; write max = 1"],
            ),
            ("min_ram = \"8G\"", &["mita.toml:5: nodes.ubuntu.min_ram: has no effect with size; keep one of the two"]),
            (
                "boot_volume = 20",
                &[
                    "mita.toml:5: nodes.ubuntu.boot_volume: must be a table, [nodes.ubuntu.boot_volume], and is a whole number",
                ],
            ),
            (
                "boot_volume = { type = \"ssd\", gb = 1 }",
                &[
                    "mita.toml:5: nodes.ubuntu.boot_volume.gb: unknown key; the keys here are size, type",
                    "mita.toml:5: nodes.ubuntu.boot_volume.size: is missing; write how many GB the volume has, as in \
                     { size = 20 }",
                ],
            ),
            (
                "tags = [\"a/b\"]",
                &[
                    "mita.toml:5: nodes.ubuntu.tags: the tag \"a/b\" has a comma or a slash, which Nova refuses; write it \
                   without",
                ],
            ),
            (
                "server_group = \"near\"\nscheduler_hints = { group = \"far\", n = 1 }",
                &[
                    "mita.toml:5: nodes.ubuntu.server_group: means the same as the scheduler hint group; keep one of the two",
                    "mita.toml:6: nodes.ubuntu.scheduler_hints.n: must be a text in quotes, and is a whole number",
                ],
            ),
            (
                "min_idle = [\n{ days = \"workdays\", count = 1 },\n{ hours = \"8\" }]",
                &[
                    "mita.toml:6: nodes.ubuntu.min_idle.days: \"workdays\" names no days; write them as in \"mon-fri\" or \
                     \"sat,sun\"",
                    "mita.toml:7: nodes.ubuntu.min_idle.count: is missing; write how many idle nodes to keep in these hours",
                    "mita.toml:7: nodes.ubuntu.min_idle.hours: \"8\" names no hours; write them as in \"8-18\" or \
                     \"22:30-6\"",
                ],
            ),
            ("storage = 0", &["mita.toml:5: nodes.ubuntu.storage: 0 is out of bounds; write 1 or more"]),
            (
                "executors = 0",
                &["mita.toml:5: nodes.ubuntu.executors: 0 is out of bounds; write a number from 1 to 1000"],
            ),
            (
                "executors = 4294967295",
                &["mita.toml:5: nodes.ubuntu.executors: 4294967295 is out of bounds; write a number from 1 to 1000"],
            ),
            (
                "executors = 2\nsingle_use = true",
                &[
                    "mita.toml:5: nodes.ubuntu.executors: gives a node with single_use more than one build; write 1, or \
                   remove it",
                ],
            ),
            ("max_age = \"59s\"", &["mita.toml:5: nodes.ubuntu.max_age: \"59s\" is too short; write at least \"1m\""]),
            (
                "unlabelled = \"yes\"",
                &["mita.toml:5: nodes.ubuntu.unlabelled: must be true or false without quotes, and is a text"],
            ),
            (
                "idle_grace = \"40\"",
                &["mita.toml:5: nodes.ubuntu.idle_grace: a time needs its unit; write \"40s\" or \"40m\""],
            ),
            (
                "script = \"\"\nscript_file = \"u.sh\"",
                &["mita.toml:6: nodes.ubuntu.script_file: script is written as well; keep one of the two"],
            ),
            (
                "script = \" \\n\"",
                &["mita.toml:5: nodes.ubuntu.script: is empty; write the user data or remove the key"],
            ),
            ("script = \"a\\u0000\"", &["mita.toml:5: nodes.ubuntu.script: holds a NUL character; write text"]),
            (
                "script_file = \"u.sh\"",
                &[
                    "mita.toml:5: nodes.ubuntu.script_file: u.sh does not exist; name a text file that this user can read",
                ],
            ),
            (
                "[nodes.ubuntu.metadata]\nmita_owner = \"x\"\n\"a/b\" = \"x\"\nnumber = 1\n",
                &[
                    "mita.toml:6: nodes.ubuntu.metadata.mita_owner: the key is reserved for mita's own mark; choose a name \
                     that does not begin with mita_",
                    "mita.toml:7: nodes.ubuntu.metadata.\"a/b\": the key holds '/', which Nova allows in no metadata key; \
                     use letters, digits, spaces and - _ : .",
                    "mita.toml:8: nodes.ubuntu.metadata.number: must be a text in quotes, and is a whole number",
                ],
            ),
            (
                &format!("metadata.long = \"{}\"", "x".repeat(256)),
                &[
                    "mita.toml:5: nodes.ubuntu.metadata.long: has 256 characters, and Nova takes 255; write a shorter value",
                ],
            ),
            (
                "metadata = \"x\"",
                &["mita.toml:5: nodes.ubuntu.metadata: must be a table, [nodes.ubuntu.metadata], and is a text"],
            ),
            (
                "server_name = \"{name}-{id}\"",
                &["mita.toml:5: nodes.ubuntu.server_name: there is no {name}; use {node} and {id}"],
            ),
            (
                "server_name = \"{node\"",
                &["mita.toml:5: nodes.ubuntu.server_name: has an unpaired brace; use {node} and {id}"],
            ),
            (
                "server_name = \"ci\"",
                &[
                    "mita.toml:5: nodes.ubuntu.server_name: has neither {node} nor {id}; write one of them, so that the name \
                 shows the node type",
                ],
            ),
            (
                "server_name = \"ci/{node}\"",
                &[
                    "mita.toml:5: nodes.ubuntu.server_name: makes the name \"ci/ubuntu\", which holds '/', which Jenkins allows \
                 in no node name; use letters, digits, - and _",
                ],
            ),
            (
                "server_name = \"ci-{node}\"\n[nodes.ci-ubuntu]\nprovider = \"openstack\"\nimage_name = \"U\"\nsize = \"m1\"",
                &[
                    "mita.toml:5: nodes.ubuntu.server_name: makes the name \"ci-ubuntu\", which is another node type's; \
                   write another one",
                ],
            ),
        ],
    );
    let body = "provider = \"openstack\"\nimage_name = \"U\"\nsize = \"m1\"";
    check(
        "",
        &rest,
        &[
            (
                "[nodes.ubuntu]",
                &[
                    "mita.toml:1: nodes.ubuntu.provider: is missing; write provider = \"openstack\"",
                    "mita.toml:1: nodes.ubuntu.image_name: is missing; write the image's name or id",
                    "mita.toml:1: nodes.ubuntu.size: is missing; write the flavor's name or id, or min_cores and min_ram",
                ],
            ),
            (
                "[nodes.ubuntu]\nprovider = [\"opnstack\",\n\"aws\"]\nimage = \"U\"\nflavor = 42",
                &[
                    "mita.toml:2: nodes.ubuntu.provider: there is no provider \"opnstack\"; did you mean \"openstack\"?",
                    "mita.toml:3: nodes.ubuntu.provider: there is no provider \"aws\"; write a [provider.aws] or write \
                     provider = \"openstack\"",
                    "mita.toml:5: nodes.ubuntu.flavor: must be a text in quotes, and is a whole number",
                ],
            ),
            (
                "[nodes.ubuntu]\nprovider = []\nimage = \"U\"\nsize = \"m1\"",
                &["mita.toml:2: nodes.ubuntu.provider: is an empty list; write provider = \"openstack\""],
            ),
            (
                &format!("[nodes.\"ubuntu+10.0.0.1\"]\n{body}"),
                &[
                    "mita.toml:1: nodes.\"ubuntu+10.0.0.1\": the node type's name ends in + and an IP address, as Jenkins \
                   nodes do; remove the address",
                ],
            ),
            (
                &format!("[nodes.\"a b\"]\n{body}"),
                &[
                    "mita.toml:1: nodes.\"a b\": the node type's name holds white space, which separates labels in Jenkins; \
                   write it without",
                ],
            ),
            (
                "[nodes]\nubuntu = 1",
                &["mita.toml:2: nodes.ubuntu: must be a table, [nodes.ubuntu], and is a whole number"],
            ),
            (
                "nodes = []",
                &["mita.toml:1: nodes: must be a table for each name; write [nodes.NAME] and not [[nodes]]"],
            ),
        ],
    );
}
