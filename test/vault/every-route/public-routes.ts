/** What anybody may ask, by what it is good for. All other routes belong to somebody who is logged in. */
export const PUBLIC_ROUTES = new Set([
  // What a server says of itself.
  'GET /',
  'GET /alive',
  'GET /now',
  'GET /version',
  'GET /notifications/alive',
  'GET /notifications/now',
  'GET /notifications/version',
  'GET /api/alive',
  'GET /api/now',
  'GET /api/version',
  'GET /api/config',
  'GET /api/tasks',
  // To become a user.
  'POST /identity/accounts/register',
  'POST /identity/accounts/register/finish',
  'POST /identity/accounts/register/send-verification-email',
  // To log in.
  'POST /api/accounts/prelogin',
  'POST /identity/accounts/prelogin',
  'POST /identity/accounts/prelogin/password',
  'POST /identity/connect/token',
  'GET /api/devices/knowndevice',
  // To ask another device to let one in, and to hear what it says: with a code.
  'POST /api/auth-requests',
  'GET /api/auth-requests/:id/response',
  // To forget what only a device is found by.
  'PUT /api/devices/identifier/:identifier/clear-token',
  'POST /api/devices/identifier/:identifier/clear-token',
  // For whoever lost a password, or has what was sent by mail.
  'POST /api/accounts/password-hint',
  'POST /api/accounts/verify-email-token',
  'POST /api/accounts/delete-recover',
  'POST /api/accounts/delete-recover-token',
  'POST /api/two-factor/send-email-login',
  // For whoever has the link: with what is in it, or a ticket.
  'GET /attachments/:id/:attachmentId',
  'GET /api/sends/:id/:fileId',
  'POST /api/sends/access',
  'POST /api/sends/access/:accessId',
  'POST /api/sends/access/file/:fileId',
  'POST /api/sends/:id/access/file/:fileId',
  // Who may use U2F keys, for whoever checks that.
  'GET /app-id.json',
  // Images: of sites, and in letters.
  'GET /icons/:host/icon.png',
  'GET /vw_static/logo-gray.png',
  'GET /vw_static/mail-github.png',
  // As at Vaultwarden: an app that is logged out already takes back the token that it is pushed to by.
  'PUT /api/devices/identifier/:identifier/clear-token',
  'POST /api/devices/identifier/:identifier/clear-token',
])
