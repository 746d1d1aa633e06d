//! The names in query strings. A parameter that a route does not take would otherwise be dropped, and the answer would
//! be to another question.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

use crate::api::Problem;
use crate::error_code::ErrorCode;
use crate::unknown::{shown, unknown};

/// The parameters of every route, as the OpenAPI document lists them.
#[derive(Clone, Default)]
pub(crate) struct Known(Arc<HashMap<String, HashMap<Method, Vec<String>>>>);

impl Known {
    /// Those of the routes in `document`.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let routes = document.paths.paths.iter().map(|(path, item)| {
            let operations = [
                (Method::GET, &item.get),
                (Method::PUT, &item.put),
                (Method::POST, &item.post),
                (Method::DELETE, &item.delete),
                (Method::PATCH, &item.patch),
            ];
            let known = operations.into_iter().filter_map(|(method, it)| Some((method, names(it.as_ref()?))));
            (path.clone(), known.collect())
        });
        Self(Arc::new(routes.collect()))
    }

    /// # Errors
    /// A parameter of `uri` that is unknown, comes twice or is empty. A route that is not in the document has none; a
    /// method that the route does not take is not for this to refuse.
    fn check(&self, route: &str, method: &Method, uri: &Uri) -> Result<(), Problem> {
        let wrong = |detail: String| Err(Problem::new(ErrorCode::QueryInvalid, detail));
        let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(uri) else {
            return wrong(
                "the query string is malformed: percent-encode its names and values; /openapi.json describes it"
                    .to_owned(),
            );
        };
        // What answers GET answers HEAD.
        let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
        let known: Vec<&str> = match self.0.get(route).map(|methods| methods.get(&method)) {
            Some(Some(known)) => known.iter().map(String::as_str).collect(),
            Some(None) => return Ok(()),
            None => Vec::new(),
        };
        for (i, (name, value)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return wrong(unknown("query parameter", name, &known));
            }
            if pairs[..i].iter().any(|(earlier, _)| earlier == name) {
                return wrong(format!("the query parameter `{}` comes twice: send it once", shown(name)));
            }
            if value.trim().is_empty() {
                return wrong(format!("the query parameter `{name}` is empty: give a value, or leave it out"));
            }
        }
        Ok(())
    }
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query => Some(parameter.name.clone()),
        _ => None,
    });
    parameters.collect()
}

/// Lets a request pass whose route takes all parameters of its query.
pub(crate) async fn known(State(known): State<Known>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    match known.check(route, request.method(), request.uri()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(method: &Method, route: &str, query: &str) -> Option<String> {
        let known = Known::of(&crate::api::openapi_document());
        let problem = known.check(route, method, &format!("{route}{query}").parse().unwrap()).err()?;
        assert_eq!((problem.status, problem.code), (400, ErrorCode::QueryInvalid));
        Some(problem.detail)
    }

    #[test]
    fn documented_parameters_pass_and_others_are_named() {
        let list = |query| refusal(&Method::GET, "/v1/identities", query);
        assert_eq!((list(""), list("?"), list("?limit=1&cursor=a")), (None, None, None));
        assert_eq!(list("?limt=1").unwrap(), "unknown query parameter `limt`: did you mean `limit`?");
        assert_eq!(list("?x=1").unwrap(), "unknown query parameter `x`: choose from `name`, `cursor` and `limit`");
        assert_eq!(list("?limit=1&limit=2").unwrap(), "the query parameter `limit` comes twice: send it once");
        for empty in ["?limit=", "?limit", "?limit=+"] {
            assert_eq!(list(empty).unwrap(), "the query parameter `limit` is empty: give a value, or leave it out");
        }
        assert!(refusal(&Method::HEAD, "/v1/identities", "?limit=1").is_none());
        let none = "unknown query parameter `limit`: none is taken here";
        assert_eq!(refusal(&Method::GET, "/livez", "?limit=1").unwrap(), none);
        assert_eq!(refusal(&Method::GET, "/", "?limit=1").unwrap(), none);
        assert!(refusal(&Method::POST, "/v1/identities", "?limit=1").is_none(), "405 is the answer");
        let odd = refusal(&Method::POST, "/v1/verify", "?identty=a").unwrap();
        assert_eq!(odd, "unknown query parameter `identty`: did you mean `identity`?");
    }
}
