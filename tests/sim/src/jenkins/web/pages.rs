//! The answers that are no JSON of the API: Jenkins' pages, and the errors that the servlet container writes for it.

use crate::http::{Request, Response};
use crate::jenkins::Jenkins;

const DOCTYPE: &str = "<!DOCTYPE html><html><head><title>";

/// A page of this title.
pub(crate) fn page(status: u16, title: &str, body: &str) -> Response {
    Response::html(status, format!("{DOCTYPE}{title}</title></head><body>{body}</body></html>")).with(PAGE, "default")
}

/// The header that every page of Jenkins carries and nothing else does.
const PAGE: &str = "X-Hudson-Theme";

/// An error raised as `Failure`: 400 with the message in `X-Error`.
pub(crate) fn failure(message: &str) -> Response {
    page(400, "Jenkins [Jenkins]", &format!("<h1>Error</h1><p>{message}</p>")).with("X-Error", message)
}

/// An error in the controller itself.
pub(crate) fn oops() -> Response {
    page(500, "Jenkins [Jenkins]", "<h1>Oops!</h1><p>A problem occurred while processing the request</p>")
}

/// A GET where a POST is required. There is no `Allow`.
pub(crate) fn method_not_allowed() -> Response {
    page(405, "Method Not Allowed [Jenkins]", "<h1>This URL requires POST</h1>")
}

/// An error that the container writes: as JSON to those who take it.
pub(crate) fn error_page(status: u16, message: &str, request: &Request) -> Response {
    let response = if request.accepts_json() {
        let path = &request.path;
        let text = format!(
            "{{\n\"servlet\":\"Stapler\",\n\"message\":\"{message}\",\n\"url\":\"{path}\",\n\"status\":\"{status}\"\n}}\n"
        );
        Response::empty(status).with("Content-Type", "application/json").body(text.into_bytes())
    } else {
        let page = format!(
            "<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n\
             <title>Error {status} {message}</title>\n</head>\n\
             <body><h2>HTTP ERROR {status} {message}</h2>\n</body>\n</html>\n"
        );
        Response::empty(status).with("Content-Type", "text/html;charset=iso-8859-1").body(page.into_bytes())
    };
    response.with("Cache-Control", "must-revalidate,no-cache,no-store")
}

impl Jenkins {
    /// The 404 for a path that Jenkins does not know.
    pub(crate) fn not_found(&self) -> Response {
        page(404, "Not Found [Jenkins]", "<h1>Oops!</h1><h2>Not Found</h2>").with("Expires", "0")
    }

    /// The 302 that follows a successful write.
    pub(crate) fn redirect(&self, to: &str) -> Response {
        Response::empty(302).with("Location", format!("{}{to}", self.url))
    }

    /// The page on which people log in.
    pub(crate) fn login_page(&self) -> Response {
        let form = "<form action=\"j_spring_security_check\"></form>";
        page(200, "Sign in [Jenkins]", &format!("{}{form}", self.resources()))
    }

    /// What every page loads.
    pub(crate) fn resources(&self) -> String {
        if self.options.pages_show_session {
            format!("<link rel=\"stylesheet\" href=\"/static/{:08x}/jsbundles/styles.css\">", self.session)
        } else {
            String::new()
        }
    }

    /// The 403 that sends anonymous to the login page.
    pub(crate) fn login_redirect(&self, request: &Request) -> Response {
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let from = crate::http::percent_encode(&crate::http::percent_decode(&format!("{}{query}", request.path)));
        Response::html(
            403,
            format!(
                "<html><head><meta http-equiv='refresh' content='1;url=/login?from={from}'/>\
                 <script>window.location.replace('/login?from={from}');</script></head>\
                 <body style='background-color:white; color:white;'>\n\n\nAuthentication required\n<!--\n-->\n\n</body></html>"
            ),
        )
        .with(LOGIN, "1.395")
    }

    /// The same answer with the headers that its kind carries.
    pub(crate) fn finish(&self, answer: Response, request: &Request) -> Response {
        let api = answer.is_set("X-Frame-Options");
        let shown = answer.is_set(PAGE) || answer.is_set(LOGIN);
        let mut answer = answer.with("X-Content-Type-Options", "nosniff");
        if api || shown {
            let own = [
                ("X-Jenkins", self.options.version.to_string()),
                ("X-Jenkins-Session", format!("{:08x}", self.session)),
            ];
            let lost = |name: &str| self.options.lost_headers.contains(&name);
            answer =
                own.into_iter().filter(|(name, _)| !lost(name)).fold(answer, |it, (name, value)| it.with(name, value));
        }
        if shown && request.header("cookie").is_none() {
            answer =
                answer.with("Set-Cookie", format!("JSESSIONID.5e551000={}; Path=/; HttpOnly", self.page_session()));
        }
        answer
    }

    /// A session for a caller without one. Crumbs are bound to other sessions.
    fn page_session(&self) -> String {
        format!("node0{:x}", self.now)
    }
}

/// The header of the page that sends anonymous to the login page.
const LOGIN: &str = "X-Hudson";
