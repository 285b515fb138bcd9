#!/bin/sh
# Installs the database servers that the tests do not find, on Debian and as root; nothing where they find both.
# They need not be started: the tests do that for themselves.
set -eu
cd "$(dirname "$0")/.."

found() {
  TEST_ENGINE=$1 DB_ISOLATION_REQUIRE=$1 node --import tsx scripts/servers.mjs
}

install() {
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1"
}

found postgres || install postgresql
found mysql || install mariadb-server
