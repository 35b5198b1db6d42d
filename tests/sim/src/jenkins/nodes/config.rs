//! A node as `config.xml` shows and takes it (the XStream form of hudson/slaves/DumbSlave.java). The few lines that
//! read the document take the place of an XML library: it knows elements, and no comments or CDATA sections.

use crate::jenkins::nodes::{CauseKind, Mode, Node, SshTarget};

/// What cannot be made of a posted document.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is no document, or its values are none.
    Unreadable,
    /// It describes something other than a permanent agent.
    OtherType,
}

const HEAD: &str = "<?xml version=\"1.1\" encoding=\"UTF-8\"?>\n<slave>\n";
const INBOUND: &str = "<launcher class=\"hudson.slaves.JNLPLauncher\">\n    <workDirSettings>\n      \
    <disabled>false</disabled>\n      <internalDir>remoting</internalDir>\n      \
    <failIfWorkDirIsMissing>false</failIfWorkDirIsMissing>\n    </workDirSettings>\n    \
    <webSocket>true</webSocket>\n  </launcher>";
const ALWAYS: &str = "<retentionStrategy class=\"hudson.slaves.RetentionStrategy$Always\"/>";

impl Node {
    /// The document. A NUL in a text ends it there: XStream refuses it when the answer's head is on its way.
    pub fn document(&self) -> String {
        let mut out = String::from(HEAD);
        let mut line = |element: &str| out.push_str(&format!("  {element}\n"));
        if let Some(cause) = self.mark.as_ref().filter(|mark| mark.kind == CauseKind::User) {
            line(&format!(
                "<temporaryOfflineCause class=\"{}\">\n    <timestamp>{}</timestamp>\n    <description>\n      <holder>\n        \
                 <owner>hudson.slaves.Messages</owner>\n      </holder>\n      <key>SlaveComputer.DisconnectedBy</key>\n      \
                 <args>\n        <string>{}</string>\n        <string>{}</string>\n      </args>\n    </description>\n    \
                 <userId>{}</userId>\n  </temporaryOfflineCause>",
                cause.kind.class(),
                cause.at,
                escape(&cause.by),
                escape(&if cause.message.is_empty() { String::new() } else { format!(" : {}", cause.message) }),
                escape(&cause.by),
            ));
        }
        line(&format!("<name>{}</name>", escape(&self.name)));
        if let Some(description) = &self.description {
            line(&format!("<description>{}</description>", escape(description)));
        }
        line(&format!("<remoteFS>{}</remoteFS>", escape(&self.remote_fs)));
        line(&format!("<numExecutors>{}</numExecutors>", self.configured));
        line(&format!("<mode>{}</mode>", self.mode.name()));
        line(&self.raw_or("retentionStrategy", || ALWAYS.to_string()));
        line(&self.raw_or("launcher", || self.ssh.as_ref().map_or(INBOUND.to_string(), ssh_launcher)));
        line(&format!("<label>{}</label>", escape(&self.labels)));
        line(&self.raw_or("nodeProperties", || properties(&self.environment)));
        for (name, element) in &self.raw {
            if !KNOWN.contains(&name.as_str()) {
                line(element);
            }
        }
        out.push_str("</slave>");
        match out.find('\0') {
            Some(end) => out[..end].to_string(),
            None => out,
        }
    }

    fn raw_or(&self, name: &str, make: impl FnOnce() -> String) -> String {
        let sent = self.raw.iter().find(|(known, _)| known == name);
        sent.map_or_else(make, |(_, element)| element.clone())
    }

    /// The node that a posted document makes of this one: what runs on it, its channel and its marks stay.
    pub(crate) fn reconfigured(&self, document: &str) -> Result<Node, Wrong> {
        let (root, elements) = elements(document).ok_or(Wrong::Unreadable)?;
        if root != "slave" {
            return Err(Wrong::OtherType);
        }
        let text = |name: &str| elements.iter().find(|e| e.name == name).map(|e| unescape(e.inner));
        let mut node = self.clone();
        node.name = text("name").unwrap_or(node.name);
        node.description = text("description");
        node.remote_fs = text("remoteFS").unwrap_or_default();
        node.mode = match text("mode").as_deref() {
            None | Some("NORMAL") => Mode::Normal,
            Some("EXCLUSIVE") => Mode::Exclusive,
            Some(_) => return Err(Wrong::Unreadable),
        };
        node.labels = text("label").unwrap_or_default();
        let number = text("numExecutors").unwrap_or_else(|| "1".into());
        node.set_executors(number.trim().parse().map_err(|_| Wrong::Unreadable)?);
        let simple = ["temporaryOfflineCause", "name", "description", "remoteFS", "mode", "label", "numExecutors"];
        let kept = elements.iter().filter(|e| !simple.contains(&e.name));
        node.raw = kept.map(|e| (e.name.to_string(), e.raw.to_string())).collect();
        if let Some(launcher) = elements.iter().find(|e| e.name == "launcher") {
            node.ssh = ssh_target(launcher);
            node.launch_supported = !launcher.raw.starts_with("<launcher class=\"hudson.slaves.JNLPLauncher\"");
        }
        Ok(node)
    }
}

/// The elements that stand in a place of their own in the document.
const KNOWN: [&str; 3] = ["retentionStrategy", "launcher", "nodeProperties"];

fn ssh_launcher(target: &SshTarget) -> String {
    format!(
        "<launcher class=\"hudson.plugins.sshslaves.SSHLauncher\" plugin=\"ssh-slaves@2.916.vd17b_43357ce4\">\n    \
         <host>{}</host>\n    <port>{}</port>\n    <credentialsId>{}</credentialsId>\n    \
         <launchTimeoutSeconds>60</launchTimeoutSeconds>\n    <maxNumRetries>10</maxNumRetries>\n    \
         <retryWaitTime>15</retryWaitTime>\n    \
         <sshHostKeyVerificationStrategy class=\"hudson.plugins.sshslaves.verifiers.{}\"/>\n    \
         <tcpNoDelay>true</tcpNoDelay>\n  </launcher>",
        escape(&target.host),
        target.port,
        escape(&target.credentials),
        target.verifier
    )
}

fn ssh_target(launcher: &Element<'_>) -> Option<SshTarget> {
    let (_, parts) = elements(launcher.raw)?;
    let text = |name: &str| parts.iter().find(|e| e.name == name).map(|e| unescape(e.inner));
    let verifier = parts.iter().find(|e| e.name == "sshHostKeyVerificationStrategy")?;
    let class = verifier.raw.split('"').nth(1)?;
    Some(SshTarget {
        host: text("host")?,
        port: text("port")?.trim().parse().ok()?,
        credentials: text("credentialsId")?,
        verifier: class.rsplit('.').next()?.to_string(),
    })
}

fn properties(environment: &[(String, String)]) -> String {
    if environment.is_empty() {
        return "<nodeProperties/>".into();
    }
    let strings: String = environment
        .iter()
        .flat_map(|(key, value)| [key, value])
        .map(|text| format!("          <string>{}</string>\n", escape(text)))
        .collect();
    format!(
        "<nodeProperties>\n    <hudson.slaves.EnvironmentVariablesNodeProperty>\n      \
         <envVars serialization=\"custom\">\n        <unserializable-parents/>\n        <tree-map>\n          \
         <default>\n            <comparator class=\"java.lang.String$CaseInsensitiveComparator\"/>\n          </default>\n          \
         <int>{}</int>\n{strings}        </tree-map>\n      </envVars>\n    \
         </hudson.slaves.EnvironmentVariablesNodeProperty>\n  </nodeProperties>",
        environment.len()
    )
}

/// An element: its name, the whole of it, and what is between its tags.
pub(crate) struct Element<'a> {
    pub(crate) name: &'a str,
    raw: &'a str,
    pub(crate) inner: &'a str,
}

/// The name of the outermost element, and its children.
pub(crate) fn elements(document: &str) -> Option<(&str, Vec<Element<'_>>)> {
    let (mut root, mut children, mut open) = ("", Vec::new(), Vec::new());
    let (mut at, mut child) = (0, (0, 0));
    while let Some(start) = document[at..].find('<').map(|i| at + i) {
        let end = start + document[start..].find('>')?;
        let tag = &document[start + 1..end];
        at = end + 1;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next()?;
        if tag.starts_with('/') {
            if open.pop()? != name {
                return None;
            }
            match open.len() {
                0 => return document[at..].trim().is_empty().then_some((root, children)),
                1 => children.push(Element { name, raw: &document[child.0..at], inner: &document[child.1..start] }),
                _ => {}
            }
            continue;
        }
        match open.len() {
            0 => root = name,
            1 if tag.ends_with('/') => children.push(Element { name, raw: &document[start..at], inner: "" }),
            1 => child = (start, at),
            _ => {}
        }
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    None
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\0' | '\t' | '\n' => out.push(c),
            c if c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c) => out.push_str(&format!("&#x{:x};", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

pub(crate) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = entity.split_once(';').unwrap_or((entity, ""));
        let number = name.strip_prefix("#x").map(|hex| u32::from_str_radix(hex, 16));
        let number = number.or_else(|| name.strip_prefix('#').map(str::parse));
        match (name, number) {
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("amp", _) => out.push('&'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            (_, Some(Ok(code))) => out.extend(char::from_u32(code)),
            _ => {}
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{Node, Wrong};

    #[test]
    fn a_document_that_is_put_back_gives_the_same_document() {
        let mut node = Node::new("ubuntu+10.0.0.5", "amd64 \"a b\" <x>", 2).online();
        node.description = Some("it's \u{1} & more".into());
        node.environment = vec![("PATH".into(), "/usr/bin".into())];
        let before = node.document();
        let closed = before
            .replace("<mode>NORMAL</mode>", "<mode>EXCLUSIVE</mode>")
            .replace("<label>amd64 &quot;a b&quot; &lt;x&gt;</label>", "<label>closed</label>");
        let closed = node.reconfigured(&closed).unwrap();
        assert_eq!(closed.labels, "closed");
        assert_eq!(closed.reconfigured(&before).unwrap().document(), before);
    }

    #[test]
    fn what_is_no_permanent_agent_is_refused() {
        let node = Node::new("n", "a", 1);
        for (document, wrong) in [
            ("", Wrong::Unreadable),
            ("<slave><name>n</name>", Wrong::Unreadable),
            ("<slave><name>n</slave>", Wrong::Unreadable),
            ("<slave><numExecutors>many</numExecutors></slave>", Wrong::Unreadable),
            ("<org.example.CloudNode/>", Wrong::Unreadable),
            ("<org.example.CloudNode></org.example.CloudNode>", Wrong::OtherType),
        ] {
            assert_eq!(node.reconfigured(document).unwrap_err(), wrong, "{document}");
        }
    }
}
