declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
@table2 = private unnamed_addr constant [2 x double] [double 0x0000000000000000, double 0x0000000000000000]
@table15 = private unnamed_addr constant [4 x i64] [i64 0, i64 1, i64 2, i64 3]
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  %v1 = getelementptr double, ptr %scratch, i64 32
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 0, i1 false)
  call void @llvm.memset.p0.i64(ptr %sums, i8 0, i64 0, i1 false)
  br i1 %some, label %yes3, label %no4
yes3:
  %v6 = add i64 %rows, 7
  %v7 = udiv i64 %v6, 8
  br label %loop8
loop8:
  %i10 = phi i64 [ 0, %yes3 ], [ %i11, %end69 ]
  %v12 = mul i64 %i10, 8
  %v13 = sub i64 %rows, %v12
  %v14 = icmp sge i64 %v13, 8
  %v16 = sub i64 %rows, 1
  br label %loop17
loop17:
  %i19 = phi i64 [ 0, %loop8 ], [ %i20, %end31 ]
  %v21 = getelementptr double, ptr @table15, i64 %i19
  %v22 = load i64, ptr %v21
  %v23 = getelementptr double, ptr %columns, i64 %v22
  %v24 = load ptr, ptr %v23
  %v25 = getelementptr double, ptr %strides, i64 %v22
  %v26 = load i64, ptr %v25
  %v27 = mul i64 %i19, 8
  %v28 = getelementptr double, ptr %scratch, i64 %v27
  br i1 %v14, label %yes29, label %no30
yes29:
  br label %loop32
loop32:
  %i34 = phi i64 [ 0, %yes29 ], [ %i35, %loop32 ]
  %v36 = mul i64 %i34, 4
  %v37 = add i64 %v12, %v36
  %v38 = mul i64 %v37, %v26
  %v39 = getelementptr i8, ptr %v24, i64 %v38
  %v40 = getelementptr i8, ptr %v39, i64 %v26
  %v41 = getelementptr i8, ptr %v40, i64 %v26
  %v42 = getelementptr i8, ptr %v41, i64 %v26
  %v43 = load double, ptr %v39
  %v44 = insertelement <4 x double> poison, double %v43, i32 0
  %v45 = load double, ptr %v40
  %v46 = insertelement <4 x double> %v44, double %v45, i32 1
  %v47 = load double, ptr %v41
  %v48 = insertelement <4 x double> %v46, double %v47, i32 2
  %v49 = load double, ptr %v42
  %v50 = insertelement <4 x double> %v48, double %v49, i32 3
  %v51 = getelementptr double, ptr %v28, i64 %v36
  store <4 x double> %v50, ptr %v51
  %i35 = add nuw nsw i64 %i34, 1
  %v52 = icmp slt i64 %i35, 2
  br i1 %v52, label %loop32, label %end33
end33:
  br label %end31
no30:
  br label %loop53
loop53:
  %i55 = phi i64 [ 0, %no30 ], [ %i56, %loop53 ]
  %v57 = add i64 %v12, %i55
  %v58 = add i64 %v57, 0
  %v59 = icmp slt i64 %v58, %rows
  %v60 = select i1 %v59, i64 %v58, i64 %v16
  %v61 = mul i64 %v60, %v26
  %v62 = getelementptr i8, ptr %v24, i64 %v61
  %v63 = load double, ptr %v62
  %v64 = getelementptr double, ptr %v28, i64 %i55
  store double %v63, ptr %v64
  %i56 = add nuw nsw i64 %i55, 1
  %v65 = icmp slt i64 %i56, 8
  br i1 %v65, label %loop53, label %end54
end54:
  br label %end31
end31:
  %i20 = add nuw nsw i64 %i19, 1
  %v66 = icmp slt i64 %i20, 4
  br i1 %v66, label %loop17, label %end18
end18:
  %v67 = getelementptr double, ptr %shared, i64 1
  br label %loop68
loop68:
  %i70 = phi i64 [ 0, %end18 ], [ %i71, %loop68 ]
  %v72 = mul i64 %i70, 5
  %v73 = getelementptr double, ptr %v67, i64 %v72
  %v74 = mul i64 %i70, 5
  %v75 = getelementptr double, ptr %shared, i64 %v74
  %v76 = load double, ptr %v75
  %v77 = insertelement <4 x double> poison, double %v76, i32 0
  %v78 = shufflevector <4 x double> %v77, <4 x double> poison, <4 x i32> zeroinitializer
  %v79 = getelementptr double, ptr %outs, i64 %i70
  %v80 = load double, ptr %v73
  %v81 = insertelement <4 x double> poison, double %v80, i32 0
  %v82 = shufflevector <4 x double> %v81, <4 x double> poison, <4 x i32> zeroinitializer
  %v83 = getelementptr double, ptr %scratch, i64 4
  %v84 = load <4 x double>, ptr %scratch
  %v85 = load <4 x double>, ptr %v83
  %v86 = fmul <4 x double> %v82, %v84
  %v87 = fmul <4 x double> %v82, %v85
  %v88 = fadd <4 x double> %v78, %v86
  %v89 = fadd <4 x double> %v78, %v87
  %v90 = getelementptr double, ptr %v73, i64 1
  %v91 = load double, ptr %v90
  %v92 = insertelement <4 x double> poison, double %v91, i32 0
  %v93 = shufflevector <4 x double> %v92, <4 x double> poison, <4 x i32> zeroinitializer
  %v94 = getelementptr double, ptr %scratch, i64 8
  %v95 = getelementptr double, ptr %v94, i64 4
  %v96 = load <4 x double>, ptr %v94
  %v97 = load <4 x double>, ptr %v95
  %v98 = fmul <4 x double> %v93, %v96
  %v99 = fmul <4 x double> %v93, %v97
  %v100 = fadd <4 x double> %v88, %v98
  %v101 = fadd <4 x double> %v89, %v99
  %v102 = getelementptr double, ptr %v73, i64 2
  %v103 = load double, ptr %v102
  %v104 = insertelement <4 x double> poison, double %v103, i32 0
  %v105 = shufflevector <4 x double> %v104, <4 x double> poison, <4 x i32> zeroinitializer
  %v106 = getelementptr double, ptr %scratch, i64 16
  %v107 = getelementptr double, ptr %v106, i64 4
  %v108 = load <4 x double>, ptr %v106
  %v109 = load <4 x double>, ptr %v107
  %v110 = fmul <4 x double> %v105, %v108
  %v111 = fmul <4 x double> %v105, %v109
  %v112 = fadd <4 x double> %v100, %v110
  %v113 = fadd <4 x double> %v101, %v111
  %v114 = getelementptr double, ptr %v73, i64 3
  %v115 = load double, ptr %v114
  %v116 = insertelement <4 x double> poison, double %v115, i32 0
  %v117 = shufflevector <4 x double> %v116, <4 x double> poison, <4 x i32> zeroinitializer
  %v118 = getelementptr double, ptr %scratch, i64 24
  %v119 = getelementptr double, ptr %v118, i64 4
  %v120 = load <4 x double>, ptr %v118
  %v121 = load <4 x double>, ptr %v119
  %v122 = fmul <4 x double> %v117, %v120
  %v123 = fmul <4 x double> %v117, %v121
  %v124 = fadd <4 x double> %v112, %v122
  %v125 = fadd <4 x double> %v113, %v123
  %v126 = fcmp ogt <4 x double> %v124, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v127 = select <4 x i1> %v126, <4 x double> %v124, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v128 = fcmp ogt <4 x double> %v125, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v129 = select <4 x i1> %v128, <4 x double> %v125, <4 x double> <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v130 = load ptr, ptr %v79
  %v131 = getelementptr double, ptr %v130, i64 %v12
  %v132 = getelementptr double, ptr %v131, i64 4
  store <4 x double> %v127, ptr %v131, align 8
  store <4 x double> %v129, ptr %v132, align 8
  %i71 = add nuw nsw i64 %i70, 1
  %v133 = icmp slt i64 %i71, 3
  br i1 %v133, label %loop68, label %end69
end69:
  %i11 = add nuw nsw i64 %i10, 1
  %v134 = icmp slt i64 %i11, %v7
  br i1 %v134, label %loop8, label %end9
end9:
  br label %end5
no4:
  br label %end5
end5:
  %v135 = load i64, ptr %failures
  ret i64 %v135
}
