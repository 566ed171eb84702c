/* What the workbench's client runtime expects of its page. Who acts is the session's business: no student is named. */
"use strict";
window.handlerBaseUrl = "/handler/";
window.studentId = "";
