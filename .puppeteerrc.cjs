// A browser is looked for on the machine first (tools/browser.ts); nothing is downloaded at install time.
module.exports = { skipDownload: true };
