#!/usr/bin/env bash
# licences.sh PACKAGE [--list]: the licence of every module that PACKAGE links.
# Known permissive licences and MPL-2.0 (weak, per file) pass; any other text,
# and a module without one, is refused. It reads the licence files from each
# linked package up to its module. It does not read what DuckDB's own library
# was built from, nor file headers.
set -euo pipefail
cd "$(dirname "$0")/.."
package=$1 list=${2:-}

# What a text says it is, by its own first words. The GNU family is looked for as
# a title, in capitals: MPL-2.0 names it in passing.
kind() {
  local text
  text=$(tr -s '[:space:]#*' ' ' <"$1")
  case $text in
    *'GNU AFFERO GENERAL PUBLIC'* | *'GNU GENERAL PUBLIC LICENSE'* | *'GNU LESSER GENERAL PUBLIC'*) echo 'refused: GNU' ;;
    *'Server Side Public License'* | *'Business Source License'* | *'Commons Clause'* | *'Elastic License'*) echo 'refused: restricted use' ;;
    *'Apache License Version 2.0'* | *'Apache License, Version 2.0'*) echo Apache-2.0 ;;
    *'Mozilla Public License Version 2.0'* | *'Mozilla Public License, version 2.0'*) echo MPL-2.0 ;;
    *'Permission is hereby granted, free of charge, to any person'*) echo MIT ;;
    *'Redistribution and use in source and binary forms'*) echo BSD ;;
    *'Permission to use, copy, modify, and'*'distribute this software'*) echo ISC ;;
    *'SQLite Is Public Domain'*) echo 'public domain' ;;
    *'This is free and unencumbered software released into the public domain'* | *'CC0 1.0 Universal'*) echo 'public domain' ;;
    *) echo 'refused: unknown text' ;;
  esac
}

status=0 modules=0
declare -A seen found
while IFS='|' read -r module version root dir; do
  modules_key="$module $version"
  [ -n "${found[$modules_key]+set}" ] || { found[$modules_key]=''; modules=$((modules + 1)); }
  while :; do
    if [ -z "${seen[$dir]:-}" ]; then
      seen[$dir]=1
      for file in "$dir"/[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]* "$dir"/COPYING* "$dir"/UNLICENSE*; do
        [ -f "$file" ] || continue
        # LICENSE-LOGO says where the picture in a README is from, LICENSE.docs is that
        # of a module's documentation; no code is linked of either.
        case $file in *.go | */LICENSE-LOGO | */LICENSE.docs) continue ;; esac
        licence=$(kind "$file")
        found[$modules_key]+=" $licence"
        [ -z "$list" ] || printf '%-60s %-28s %s\n' "$module" "$version" "$licence"
        case $licence in refused*)
          echo "licences: $module $version: $licence (${file#"$root"/})" >&2
          status=1
          ;;
        esac
      done
    fi
    [ "$dir" != "$root" ] || break
    dir=$(dirname "$dir")
  done
done < <(go list -deps -f '{{with .Module}}{{if not .Main}}{{.Path}}|{{.Version}}|{{.Dir}}|{{$.Dir}}{{end}}{{end}}' "$package" | grep . | sort -u)

for module in "${!found[@]}"; do
  if [ -z "${found[$module]}" ]; then
    echo "licences: $module carries no licence file" >&2
    status=1
  fi
done
[ "$modules" -gt 0 ] || { echo "licences: $package links no module: is it the right package?" >&2; exit 1; }
[ "$status" != 0 ] || echo "licences: $modules modules, all permissive or MPL-2.0"
exit "$status"
