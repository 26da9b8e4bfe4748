# VeloDepth in a container, without root inside.
#
#   docker build --target cpu  -t velodepth:cpu  .
#   docker build --target cuda -t velodepth:cuda .
#
# docs/deployment.md says how to run it.

FROM python:3.12-slim-bookworm AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src src
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

# What both have: the command line, the page, and a user of their own. Nothing is compiled.
FROM python:3.12-slim-bookworm AS cpu
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY --from=wheel /wheels /wheels
RUN pip install "$(echo /wheels/*.whl)[web]" \
    && rm -r /wheels \
    && useradd --create-home --uid 1000 --groups video velodepth \
    && install --directory --owner velodepth /work
USER 1000:1000
WORKDIR /work
EXPOSE 8080 8081
# As Ctrl-C: what was written until then is finished.
STOPSIGNAL SIGINT
ENTRYPOINT ["velodepth"]
CMD ["--help"]

# ONNX Runtime and PyTorch on an NVIDIA GPU: CUDA 13 and cuDNN 9 come from PyPI, the driver from the host
# (NVIDIA Container Toolkit). onnxruntime and onnxruntime-gpu are one module, so the first has to go.
FROM cpu AS cuda
ARG ONNXRUNTIME_GPU=1.31.1
ARG TORCH=2.13.0
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility,video HF_HOME=/work/.cache/huggingface \
    LD_LIBRARY_PATH=/usr/local/lib/python3.12/site-packages/nvidia/cu13/lib:/usr/local/lib/python3.12/site-packages/nvidia/cudnn/lib
USER 0:0
RUN pip install "torch==${TORCH}" "safetensors>=0.4" "huggingface_hub>=0.23" \
    && pip uninstall --yes onnxruntime \
    && pip install "onnxruntime-gpu[cuda,cudnn]==${ONNXRUNTIME_GPU}"
USER 1000:1000
