# Sourced by `make test-signin`: Keycloak, a real OpenID Connect provider, as its own
# distribution. Sets GUICHET_KEYCLOAK. What cannot be had ends the run: the target is
# for nothing else. It supports Java 17, 21 and 25.
keycloak_version=26.7.3
keycloak_digest=77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47
keycloak_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
keycloak_home=$keycloak_root/.tools/keycloak-$keycloak_version

keycloak_java() { # the major version of the Java at hand, nothing without one
  java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

keycloak_install() {
  local java
  java=$(keycloak_java)
  [ "${java:-0}" -ge 17 ] || "$keycloak_root/tools/apt.sh" openjdk-17-jre-headless || return 1
  [ ! -x "$keycloak_home/bin/kc.sh" ] || return 0
  command -v mvn >/dev/null || "$keycloak_root/tools/apt.sh" maven || return 1
  echo "installing Keycloak $keycloak_version into .tools (180 MB, a minute)"
  local new=$keycloak_home.new archive=keycloak-quarkus-dist-$keycloak_version.tar.gz
  rm -rf "$new" && mkdir -p "$new" &&
    mvn -q -B dependency:copy -Dartifact="org.keycloak:keycloak-quarkus-dist:$keycloak_version:tar.gz" -DoutputDirectory="$new" || return 1
  echo "$keycloak_digest  $new/$archive" | sha256sum --check --quiet || return 1
  tar -xzf "$new/$archive" -C "$new" && mv "$new/keycloak-$keycloak_version" "$keycloak_home" && rm -rf "$new"
}

keycloak_install || { echo "Keycloak could not be installed" >&2; exit 1; }
export GUICHET_KEYCLOAK=$keycloak_home
