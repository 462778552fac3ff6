# The service, with the default model inside. Build: docker build -t smn .   Run: docker run -p 8000:8000 smn
# The page: docker build --build-arg EXTRAS=web -t smn-web .
#           docker run -p 8501:8501 -e PORT=8501 -e HEALTH=/_stcore/health smn-web smn web --host 0.0.0.0
# Another base, such as one from your own registry: --build-arg BASE=...
ARG BASE=python:3.12-slim

FROM ${BASE} AS build
ARG EXTRAS=serve,postgresql
WORKDIR /src
RUN python3 -m venv /opt/smn
ENV PATH=/opt/smn/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY pyproject.toml README.md LICENSE constraints.txt ./
COPY src ./src
# No torch, no compiler: what is needed to answer, and the drivers for both databases.
RUN pip install --quiet --constraint constraints.txt ".[${EXTRAS}]" \
    && pip uninstall --quiet --yes pip \
    && find /opt/smn -name '__pycache__' -type d -prune -exec rm -rf {} + \
    && find /opt/smn -path '*/tests/*' -name '*.py' -delete

FROM ${BASE}
LABEL org.opencontainers.image.title="smn" \
      org.opencontainers.image.description="Which artistic movement is a painting from, how sure is that, and why." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin smn \
    && mkdir /data && chown smn:smn /data
COPY --from=build /opt/smn /opt/smn
ENV PATH=/opt/smn/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SMN_DATABASE=sqlite:////data/smn.db \
    PORT=8000 \
    HEALTH=/v2/health/ready
USER 10001
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}{os.environ['HEALTH']}\", timeout=4)"]
# A shell, because clouds say in PORT where to listen; exec, so that signals reach smn.
CMD ["sh", "-c", "exec smn serve --host 0.0.0.0 --port \"$PORT\""]
