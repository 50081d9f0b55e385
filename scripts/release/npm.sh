# shellcheck shell=sh
# socklens-VERSION.tgz for npm: `npm_package FOLDER`. npm pack gives all files one time.
npm_package() {
  mkdir "$work/npm"
  node scripts/release/npm.js "$work/npm"
  (cd "$work/npm" && npm pack --ignore-scripts --loglevel=error --pack-destination "$1" >/dev/null)
}
