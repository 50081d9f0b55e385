#!/bin/sh
# Shows socklens on real sockets, on a machine that has Node with npm and nothing else: `npm run demo`.
# Makes two namespaces with a small service in each, shows them, reproduces the connection-pool incident of the lab,
# and removes everything.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

as_root 'the demo makes' 'npm run demo' "$0"

install_packages
install_programs ip:iproute2
sh scripts/build.sh --if-older

web=demo-web-$$
db=demo-db-$$
work=$(mktemp -d)
clean() {
  trap '' INT TERM
  # The services exit when their stdin ends.
  exec 3>&- 4>&- || :
  wait || :
  for name in "$web" "$db"; do ip netns delete "$name" 2>/dev/null || :; done
  rm -rf "$work"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

ip netns add "$db"
ip netns add "$web"
ip -n "$web" link add eth0 type veth peer name eth0 netns "$db"
for side in "$web 10.133.7.2/24" "$db 10.133.7.3/24"; do
  ip -n "${side% *}" address add "${side#* }" dev eth0
  ip -n "${side% *}" link set lo up
  ip -n "${side% *}" link set eth0 up
done

# service NAMESPACE SCRIPT ARGUMENTS: starts a service whose stdin and stdout are pipes.
service() {
  name=$1
  out=$work/$name
  in=$work/$name.in
  mkfifo "$in" "$out"
  shift
  ip netns exec "$name" node --disable-warning=ExperimentalWarning "$@" <"$in" >"$out" 2>&1 &
}
wait_ready() {
  read -r line <"$work/$1" || line='no output'
  [ "$line" = ready ] || { say "the service in $1 did not start: $line"; exit 1; }
}
service "$db" scripts/demo/db.ts
exec 3>"$work/$db.in"
wait_ready "$db"
service "$web" scripts/demo/web.ts 10.133.7.3
exec 4>"$work/$web.in"
wait_ready "$web"

show() {
  printf '\n# %s\n$ socklens %s\n' "$1" "$2"
  shift
  # shellcheck disable=SC2086
  bin/socklens $1 2>&1 || :
}

echo 'Two services in network namespaces of their own: a web service with a pool of connections to a database.'
show 'Everything on this machine at once: sockets by state, descriptors and their limit, the busiest peer.' 'ps --all'
show "The sockets of the web service by peer and state: 63 to the database, 5 never closed." "ls netns:$web -t --by peer-address,state"
show 'Its sockets, with the process that holds each (the first rows).' "ls netns:$web -t -p" | sed -n '1,10p'
show 'Its listeners.' "ls netns:$web -t -l"
show 'The output of `nsenter -t PID -n netstat -tan`, for existing pipelines (the first rows).' "netstat netns:$web -tan" | sed -n '1,8p'
printf '\n$ socklens netstat netns:%s -t | grep mysql | wc -l\n' "$web"
bin/socklens netstat "netns:$web" -t | grep mysql | wc -l
show 'The same for scripts (the first bytes).' "ls netns:$web -t --by state --json" | cut -c1-300

# The lab takes about a minute and needs nothing but namespaces.
if unshare --net true 2>/dev/null; then
  printf '\n# A connection-pool incident, reproduced: its symptoms, its diagnosis, and both fixes\n$ socklens lab\n'
  bin/socklens lab || { say "the lab failed with status $?"; exit 1; }
else
  echo 'socklens lab is skipped: no further network namespace can be made here.'
fi
printf '\nDone; everything that the demo made is removed. `socklens --help` lists the commands.\n'
