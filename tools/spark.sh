# Sourced by `make test-engines`: Spark with Iceberg's Java library, a reader of
# our tables that shares no code with ours. Sets GUICHET_SPARK_PYTHON and
# GUICHET_SPARK_JAR. What cannot be had ends the run: the target is for nothing
# else. Spark 4.0 runs on Java 17 or 21.
spark_version=4.0.1
spark_iceberg=org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:1.10.0
spark_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
spark_venv=$spark_root/.tools/spark

spark_java() { # the major version of the Java at hand, nothing without one
  java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -n 1
}

spark_stands() {
  "$spark_venv/bin/python" -c "import pyspark, sys; sys.exit(pyspark.__version__ != '$spark_version')" 2>/dev/null
}

spark_install() {
  case $(spark_java) in
    17 | 21) ;;
    *) "$spark_root/tools/apt.sh" openjdk-17-jre-headless || return 1 ;;
  esac
  command -v mvn >/dev/null || "$spark_root/tools/apt.sh" maven || return 1
  python3 -c 'import venv, ensurepip' 2>/dev/null || "$spark_root/tools/apt.sh" python3-venv || return 1
  if ! spark_stands; then
    echo "installing Spark $spark_version into .tools/spark (400 MB, a minute or two)"
    rm -rf "$spark_venv"
    python3 -m venv "$spark_venv" &&
      "$spark_venv/bin/pip" install --quiet --disable-pip-version-check "pyspark==$spark_version" || return 1
  fi
  local name=${spark_iceberg#*:}
  GUICHET_SPARK_JAR=$spark_venv/${name/:/-}.jar
  [ -f "$GUICHET_SPARK_JAR" ] ||
    mvn -q -B dependency:copy -Dartifact="$spark_iceberg" -DoutputDirectory="$spark_venv" || return 1
  GUICHET_SPARK_PYTHON=$spark_venv/bin/python
  export GUICHET_SPARK_JAR GUICHET_SPARK_PYTHON
}

spark_install || { echo "Spark could not be installed" >&2; exit 1; }
